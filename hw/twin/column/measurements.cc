#include "hw/twin/column/measurements.h"

#include <Eigen/Dense>
#include <cmath>
#include <complex>
#include <map>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "sim/physics/electron.h"

namespace ronchi::hw {
namespace {

// The bound's source: docs/twin.md, "Measurements".
constexpr double kBound_m = 0.047e-9, kBoundEnergy_eV = 300e3, kBoundSemiangle_rad = 0.03;
constexpr double kBoundElectrons = 47.0 * 256 * 256;
constexpr size_t kTableauImages = 19;
constexpr int kLastTerm = 6;  // C34

double ImageError_m(const TwinOptions& o, double electrons) {
  const auto depth = [](double energy_eV, double semiangle_rad) {
    return sim::Wavelength_A(energy_eV) / (semiangle_rad * semiangle_rad);
  };
  const double bound_m = kBound_m * depth(o.energy_eV, o.semiangle_rad) /
                         depth(kBoundEnergy_eV, kBoundSemiangle_rad) *
                         std::sqrt(kBoundElectrons / std::max(1.0, electrons));
  return std::hypot(o.measurements.over_bound * bound_m, o.measurements.floor_m);
}

std::string NameOf(const MeasuredTerm& t) {
  const sim::AberrationTerm& term = sim::kAberrationTerms[size_t(t.term)];
  const std::string name(term.name);
  return term.m == 0 ? name : name + (t.sine ? ".b" : ".a");
}

}  // namespace

std::vector<MeasurementInfo> DescribeMeasurements(const MeasureOptions& m) {
  const double images_s = double(kTableauImages) * m.tableau_image_s;
  std::vector<MeasurementInfo> all;
  if (m.corrector) {
    all = {{"defocus", m.defocus_s, m.defocus_s * m.beam_share, m.field_m},
           {"aberrations", m.tableau_s + images_s, images_s * m.beam_share, m.field_m}};
  }
  const double two_images_s = 2 * m.drift_image_s;
  all.push_back({"drift", m.drift_s + m.drift_image_s, two_images_s * m.beam_share, m.field_m});
  all.push_back({"current", m.current_s, 0, 0});
  return all;
}

size_t ImagesOf(const std::string& what) { return what == "aberrations" ? kTableauImages : 1; }

std::vector<MeasuredTerm> MeasuredTerms(bool tableau) {
  std::vector<MeasuredTerm> terms;
  for (int t = sim::kC10; t <= (tableau ? kLastTerm : sim::kC12); ++t) {
    terms.push_back({t, false});
    if (sim::kAberrationTerms[size_t(t)].m > 0) terms.push_back({t, true});
  }
  return terms;
}

std::vector<std::array<double, 2>> TableauTilts(double angle_rad) {
  std::vector<std::array<double, 2>> tilts = {{0, 0}};
  for (const auto& [count, angle] : {std::pair(6, angle_rad / 2), std::pair(12, angle_rad)}) {
    for (int i = 0; i < count; ++i) {
      const double phi = 2 * std::numbers::pi * i / count;
      tilts.push_back({angle * std::cos(phi), angle * std::sin(phi)});
    }
  }
  return tilts;
}

// α^N cos mφ and α^N sin mφ are the parts of g = ω^p ω̄^q, p, q = (N ± m)/2, ω = α e^{iφ}. With
// D = ∂_x + i∂_y = 2∂/∂ω̄ it is D²g = 4q(q − 1) ω^p ω̄^{q−2}, and D̄ accordingly:
//   ∇²g = 4pq ω^{p−1} ω̄^{q−1},   g_xx − g_yy = ½ (D² + D̄²) g,   g_xy = (D² − D̄²) g/4i.
std::array<double, 3> LocalDefocus(const MeasuredTerm& t, double x, double y) {
  using Complex = std::complex<double>;
  const auto [n, m, name] = sim::kAberrationTerms[size_t(t.term)];
  const int p = (n + 1 + m) / 2, q = (n + 1 - m) / 2;
  const Complex w(x, y), c = std::conj(w);
  const auto power = [](const Complex& z, int k) {
    Complex out = k < 0 ? 0 : 1;  // below zero it has a zero factor before it
    for (int i = 0; i < k; ++i) out *= z;
    return out;
  };
  const Complex laplace = 4.0 * p * q * power(w, p - 1) * power(c, q - 1);
  const Complex d2 = 4.0 * q * (q - 1) * power(w, p) * power(c, q - 2);
  const Complex d2_bar = 4.0 * p * (p - 1) * power(w, p - 2) * power(c, q);
  const Complex difference = 0.5 * (d2 + d2_bar), mixed = (d2 - d2_bar) / Complex(0, 4);
  const auto part = [&](const Complex& g) { return (t.sine ? g.imag() : g.real()) / (n + 1); };
  return {0.5 * part(laplace), 0.5 * part(difference), part(mixed)};
}

std::vector<double> AberrationCovariance(const TwinOptions& o, bool tableau,
                                         double electrons_an_image) {
  const std::vector<MeasuredTerm> terms = MeasuredTerms(tableau);
  const auto tilts = tableau ? TableauTilts(o.measurements.tableau_angle_rad)
                             : std::vector<std::array<double, 2>>{{0, 0}};
  const Eigen::Index n = Eigen::Index(terms.size());
  Eigen::MatrixXd design(Eigen::Index(3 * tilts.size()), n);
  for (size_t i = 0; i < tilts.size(); ++i) {
    for (Eigen::Index t = 0; t < n; ++t) {
      const auto local = LocalDefocus(terms[size_t(t)], tilts[i][0], tilts[i][1]);
      for (size_t k = 0; k < 3; ++k) design(Eigen::Index(3 * i + k), t) = local[k];
    }
  }
  // Columns to about one: coefficients of higher orders are larger by powers of the angle.
  const Eigen::VectorXd scale = design.colwise().norm().cwiseInverse();
  design = design * scale.asDiagonal();
  const double sigma_m = ImageError_m(o, electrons_an_image);
  const Eigen::MatrixXd inverse =
      (design.transpose() * design).llt().solve(Eigen::MatrixXd::Identity(n, n));
  const Eigen::MatrixXd covariance =
      sigma_m * sigma_m * (scale.asDiagonal() * inverse * scale.asDiagonal());
  std::vector<double> out;
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      out.push_back(0.5 * (covariance(i, j) + covariance(j, i)));
    }
  }
  return out;
}

Estimate EstimateAberrations(const TwinOptions& o, const std::string& what,
                             const sim::Aberrations& truth, double electrons_an_image,
                             RandomStream* random) {
  const bool tableau = what == "aberrations";
  Estimate out{.what = what, .covariance = AberrationCovariance(o, tableau, electrons_an_image)};
  const auto terms = MeasuredTerms(tableau);
  const Eigen::Index n = Eigen::Index(terms.size());
  // In nm: the squares of metres are small.
  const Eigen::MatrixXd covariance =
      1e18 * Eigen::Map<const Eigen::MatrixXd>(out.covariance.data(), n, n);
  Eigen::VectorXd normal(n);
  for (double& v : normal) v = random->Normal();
  const Eigen::VectorXd noise_nm = Eigen::MatrixXd(covariance.llt().matrixL()) * normal;
  for (size_t i = 0; i < terms.size(); ++i) {
    const auto& parts = terms[i].sine ? truth.b_A : truth.a_A;
    out.names.push_back(NameOf(terms[i]));
    out.values.push_back(Metres(parts[size_t(terms[i].term)] * kMetresPerAngstrom +
                                noise_nm[Eigen::Index(i)] * 1e-9));
  }
  return out;
}

Estimate EstimateDrift(const MeasureOptions& m, const std::array<double, 2>& first_A,
                       const std::array<double, 2>& second_A, RandomStream* random) {
  const double variance = 2 * std::pow(m.position_m / m.drift_s, 2);
  Estimate out{
      .what = "drift", .names = {"drift.x", "drift.y"}, .covariance = {variance, 0, 0, variance}};
  for (size_t axis : {0, 1}) {
    const double before = first_A[axis] * kMetresPerAngstrom + m.position_m * random->Normal();
    const double after = second_A[axis] * kMetresPerAngstrom + m.position_m * random->Normal();
    out.values.push_back({(after - before) / m.drift_s, Dimension::kSpeed});
  }
  return out;
}

Estimate EstimateCurrent(const MeasureOptions& m, double current_A, RandomStream* random) {
  const double sigma = m.current_error * current_A;
  return {.what = "current",
          .names = {"beam.current"},
          .values = {Amperes(current_A + sigma * random->Normal())},
          .covariance = {sigma * sigma}};
}

void SpoilEstimate(const MeasureFlaws& flaws, double semiangle_rad, RandomStream draws,
                   Estimate* e) {
  // In the order of a tableau, whatever was measured: C10 of a defocus has the same bias.
  std::map<std::string, double> bias;
  for (const MeasuredTerm& t : MeasuredTerms(true)) {
    const int n = sim::kAberrationTerms[size_t(t.term)].n;
    const double scale = (n + 1) / 2.0 * std::pow(semiangle_rad, 1 - n);
    bias[NameOf(t)] = flaws.bias_m * scale * draws.Uniform(-1, 1);
  }
  for (const char* name : {"drift.x", "drift.y"}) {
    bias[name] = flaws.drift_bias_m_per_s * draws.Uniform(-1, 1);
  }
  const double current = 1 + flaws.current_bias * draws.Uniform(-1, 1);
  for (size_t i = 0; i < e->names.size(); ++i) {
    if (e->names[i] == "beam.current") {
      e->values[i].si *= current;
    } else if (const auto it = bias.find(e->names[i]); it != bias.end()) {
      e->values[i].si += it->second;
    }
  }
  for (double& v : e->covariance) v *= flaws.covariance_ratio;
}

}  // namespace ronchi::hw
