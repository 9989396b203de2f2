#include "sim/physics/scattering_factors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numbers>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files.h"
#include "sim/physics/element_symbols.h"

namespace ronchi::sim {
namespace {

constexpr int kMostZ = 103;  // of Kirkland's table, the longest

// K_ν(u): below 1e-300 where u > 690, and slow or undefined there.
double BesselK(int order, double u) { return u < 600 ? std::cyl_bessel_k(order, u) : 0; }

// ∫_depth^∞ e^{−κR}/R dz and ∫_depth^∞ e^{−κR} dz, R² = r² + z². With z = r sinh t both are smooth
// in t; they end where e^{−40} is left.
std::array<double, 2> BeyondPlane(double kappa, double r_A, double depth_A) {
  const double r = std::max(r_A, 1e-9), first = std::asinh(depth_A / r);
  const double most = 40 / (kappa * r);
  const double last = most > 1 ? std::acosh(most) : 0;
  std::array<double, 2> sum = {0, 0};
  if (last <= first) return sum;
  // Simpson's rule; at most some 25 units of t, over which e^{−κ r cosh t} falls within about one.
  const int steps = 2 * int(std::ceil((last - first) * 16));
  const double h = (last - first) / steps;
  for (int i = 0; i <= steps; ++i) {
    const double t = first + h * i, weight = (i == 0 || i == steps ? 1 : i % 2 ? 4 : 2) * h / 3;
    const double value = weight * std::exp(-kappa * r * std::cosh(t));
    sum[0] += value;
    sum[1] += value * r * std::cosh(t);
  }
  return sum;
}

}  // namespace

// What an atom's factor cannot be, of which a simulation would make nonsense or no number at all:
// an electron scattering factor is finite, positive and largest in the forward direction, where it
// is between 0.4 (He) and 21 Å (Ra, Ac) in all three tables.
absl::Status ScatteringFactors::CheckElement(int z) const {
  constexpr double kLeast_A = 0.05, kMost_A = 100, kSlack = 0.01, kStep = 0.05, kFarthest = 20;
  const Element& e = elements_[size_t(z)];
  if (e.symbol != kElementSymbols[size_t(z)]) {
    return absl::InvalidArgumentError(
        absl::StrCat("element ", z, " is ", kElementSymbols[size_t(z)], ", not '", e.symbol, "'"));
  }
  const auto is_width = [&](size_t i) { return form_ == Form::kKirkland ? i % 6 >= 3 : i >= 5; };
  // The tables' own are below 340 Å and between 4e-5 and 4e4 Å² (or 1/Å²); reciprocals stay finite.
  constexpr double kMostAmplitude = 1e6, kLeastWidth = 1e-7, kMostWidth = 1e7;
  for (size_t i = 0; i < e.c.size(); ++i) {
    const double least = is_width(i) ? kLeastWidth : -kMostAmplitude;
    const double most = is_width(i) ? kMostWidth : kMostAmplitude;
    if (e.c[i] >= least && e.c[i] <= most) continue;
    return absl::InvalidArgumentError(absl::StrCat(e.symbol, ": number ", i + 1, " is ", e.c[i],
                                                   "; allowed: ", least, " … ", most));
  }
  const double forward = At(z, 0);
  if (!(forward >= kLeast_A && forward <= kMost_A)) {
    return absl::InvalidArgumentError(absl::StrCat(e.symbol, ": the factor at angle 0 is ", forward,
                                                   " A; allowed: ", kLeast_A, " … ", kMost_A));
  }
  for (double k = 0; k <= kFarthest; k += kStep) {
    const double f = At(z, k * k);
    if (f >= -kSlack * forward && f <= (1 + kSlack) * forward) continue;
    return absl::InvalidArgumentError(absl::StrCat(e.symbol, ": the factor is ", f, " A at k = ", k,
                                                   "/A and ", forward,
                                                   " A at 0; allowed: positive, and largest at 0"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const ScatteringFactors>> ScatteringFactors::Load(
    const std::string& name) {
  auto table = std::make_shared<ScatteringFactors>();
  size_t columns = 0;
  if (name == "kirkland") {
    table->form_ = Form::kKirkland;
    columns = 12;
  } else if (name == "lobato") {
    table->form_ = Form::kLobato;
    columns = 10;
  } else if (name == "peng") {
    table->form_ = Form::kPeng;
    columns = 10;
  } else {
    return absl::NotFoundError(
        absl::StrCat("no scattering factors '", name, "'; allowed: kirkland, lobato, peng"));
  }
  const std::string path = absl::StrCat(DataDirectory(), "/scattering/", name, ".csv");
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kTableFile));
  int line_number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++line_number;
    if (line_number == 1)
      table->source_ = std::string(absl::StripAsciiWhitespace(line.substr(line.empty() ? 0 : 1)));
    if (line.empty() || line[0] == '#' || line[0] == 'Z') continue;
    const std::vector<std::string> fields = absl::StrSplit(line, ',');
    int z = 0;
    Element element;
    bool good =
        fields.size() == columns + 2 && absl::SimpleAtoi(fields[0], &z) && z > 0 && z <= kMostZ;
    for (size_t i = 2; good && i < fields.size(); ++i) {
      double value = 0;
      good = absl::SimpleAtod(fields[i], &value);
      element.c.push_back(value);
    }
    if (!good) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", line_number, ": expected Z,symbol and ", columns, " numbers"));
    }
    const auto where = absl::StrCat(path, ":", line_number);
    if (table->Has(z)) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": element ", z, " is given twice"));
    }
    element.symbol = fields[1];
    if (table->elements_.size() <= size_t(z)) table->elements_.resize(z + 1);
    table->elements_[z] = element;
    RONCHI_RETURN_IF_ERROR(Annotate(table->CheckElement(z), where));
  }
  if (table->elements_.empty()) return absl::InvalidArgumentError(path + ": holds no element");
  return std::shared_ptr<const ScatteringFactors>(table);
}

bool ScatteringFactors::Has(int z) const {
  return z > 0 && size_t(z) < elements_.size() && !elements_[z].symbol.empty();
}

double ScatteringFactors::At(int z, double k2) const {
  const double* c = elements_[z].c.data();
  double f = 0;
  switch (form_) {
    case Form::kKirkland:  // columns a1-3, b1-3, c1-3, d1-3
      for (int i = 0; i < 3; ++i) {
        f += c[i] / (k2 + c[3 + i]) + c[6 + i] * std::exp(-c[9 + i] * k2);
      }
      return f;
    case Form::kLobato:  // columns a1-5, b1-5
      for (int i = 0; i < 5; ++i) {
        const double bk = 1 + c[5 + i] * k2;
        f += c[i] * (1 + bk) / (bk * bk);
      }
      return f;
    case Form::kPeng:  // columns a1-5, b1-5, in s = k/2
      for (int i = 0; i < 5; ++i) f += c[i] * std::exp(-c[5 + i] * k2 / 4);
      return f;
  }
  return f;
}

double ScatteringFactors::Beyond(int z, double k2, double depth_A) const {
  using std::numbers::pi;
  const double* c = elements_[z].c.data();
  // The share of e^{−d k_z²} beyond the depth.
  auto gaussian = [depth_A](double d) { return 0.5 * std::erfc(pi * depth_A / std::sqrt(d)); };
  double f = 0;
  switch (form_) {
    case Form::kKirkland:
      for (int i = 0; i < 3; ++i) {
        const double kappa2 = k2 + c[3 + i];
        f += c[i] * std::exp(-2 * pi * std::sqrt(kappa2) * depth_A) / (2 * kappa2) +
             c[6 + i] * std::exp(-c[9 + i] * k2) * gaussian(c[9 + i]);
      }
      return f;
    case Form::kLobato:  // 1/(1 + bk²) + 1/(1 + bk²)², with B = 1/b: B/(k² + B) + B²/(k² + B)²
      for (int i = 0; i < 5; ++i) {
        const double b = 1 / c[5 + i], kappa2 = k2 + b, ratio = b / kappa2;
        const double u = 2 * pi * std::sqrt(kappa2) * depth_A;
        f += c[i] * ratio * std::exp(-u) * (0.5 + ratio * (2 + u) / 4);
      }
      return f;
    case Form::kPeng:
      for (int i = 0; i < 5; ++i) {
        f += c[i] * std::exp(-c[5 + i] * k2 / 4) * gaussian(c[5 + i] / 4);
      }
      return f;
  }
  return f;
}

double ScatteringFactors::Projected(int z, double r_A) const {
  using std::numbers::pi;
  const double* c = elements_[z].c.data();
  const auto gaussian = [r_A](double d) { return pi / d * std::exp(-pi * pi * r_A * r_A / d); };
  double f = 0;
  switch (form_) {
    case Form::kKirkland:
      for (int i = 0; i < 3; ++i) {
        f += c[i] * 2 * pi * BesselK(0, 2 * pi * r_A * std::sqrt(c[3 + i])) +
             c[6 + i] * gaussian(c[9 + i]);
      }
      return f;
    case Form::kLobato:
      for (int i = 0; i < 5; ++i) {
        const double b = c[5 + i], u = 2 * pi * r_A / std::sqrt(b);
        f += c[i] * pi / b * (2 * BesselK(0, u) + u * BesselK(1, u));
      }
      return f;
    case Form::kPeng:
      for (int i = 0; i < 5; ++i) f += c[i] * gaussian(c[5 + i] / 4);
      return f;
  }
  return f;
}

double ScatteringFactors::ProjectedBeyond(int z, double r_A, double depth_A) const {
  using std::numbers::pi;
  const double* c = elements_[z].c.data();
  const auto gaussian = [&](double d) {
    return pi / d * std::exp(-pi * pi * r_A * r_A / d) * 0.5 *
           std::erfc(pi * depth_A / std::sqrt(d));
  };
  double f = 0;
  switch (form_) {
    case Form::kKirkland:  // 1/(k² + b): π/R e^{−2π√b R} in space
      for (int i = 0; i < 3; ++i) {
        f += c[i] * pi * BeyondPlane(2 * pi * std::sqrt(c[3 + i]), r_A, depth_A)[0] +
             c[6 + i] * gaussian(c[9 + i]);
      }
      return f;
    case Form::kLobato:  // 1/(k² + B)²: π²/√B e^{−2π√B R}
      for (int i = 0; i < 5; ++i) {
        const double b = c[5 + i];
        const auto [yukawa, exponential] = BeyondPlane(2 * pi / std::sqrt(b), r_A, depth_A);
        f += c[i] * pi / b * (yukawa + pi / std::sqrt(b) * exponential);
      }
      return f;
    case Form::kPeng:
      for (int i = 0; i < 5; ++i) f += c[i] * gaussian(c[5 + i] / 4);
      return f;
  }
  return f;
}

std::string ScatteringFactors::Symbol(int z) const {
  return Has(z) ? elements_[z].symbol : absl::StrCat(z);
}

int ScatteringFactors::AtomicNumber(const std::string& symbol) const {
  for (size_t z = 1; z < elements_.size(); ++z) {
    if (!elements_[z].symbol.empty() && absl::EqualsIgnoreCase(elements_[z].symbol, symbol)) {
      return int(z);
    }
  }
  return 0;
}

}  // namespace ronchi::sim
