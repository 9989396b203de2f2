#include "theory/laws/phase_error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/quantity.h"
#include "sim/physics/aberrations.h"
#include "sim/physics/electron.h"

namespace ronchi::theory {
namespace {

struct Term {
  int power, m;
  bool sine;
  double rim_rad;
};

std::vector<Term> Terms(const Coefficients& c, const ApertureOptions& o) {
  const double k_per_nm =
      2 * std::numbers::pi / sim::Wavelength_A(o.energy_eV) * kAngstromPerNanometre;
  std::vector<Term> terms;
  for (const sim::AberrationTerm& t : sim::kAberrationTerms) {
    const double rim_per_nm = k_per_nm * std::pow(o.semiangle_rad, t.n + 1) / (t.n + 1);
    for (bool sine : {false, true}) {
      if (sine && t.m == 0) continue;
      const char* part = t.m == 0 ? "" : sine ? "b" : "a";
      const auto it = c.find("total_" + std::string(t.name) + part + "_nm");
      if (it == c.end() || it->second == 0) continue;
      terms.push_back({t.n + 1, t.m, sine, rim_per_nm * it->second});
    }
  }
  return terms;
}

// ⟨ρ^a ρ^b⟩ less what a constant (m = 0) or a shift (m = 1) takes of it.
double RadialProduct(int m, int a, int b) {
  const auto mean = [](int power) { return 2.0 / (power + 2); };
  if (m == 0) return mean(a + b) - mean(a) * mean(b);
  const double shift = m == 1 ? mean(a + 1) * mean(b + 1) / mean(2) : 0;
  return (mean(a + b) - shift) / 2;  // ⟨cos²⟩ = 1/2
}

}  // namespace

double RmsPhaseError_rad(const Coefficients& coefficients, const ApertureOptions& aperture) {
  const std::vector<Term> terms = Terms(coefficients, aperture);
  double square = 0;
  for (const Term& s : terms) {
    for (const Term& t : terms) {
      if (s.m != t.m || s.sine != t.sine) continue;
      square += s.rim_rad * t.rim_rad * RadialProduct(s.m, s.power, t.power);
    }
  }
  return std::sqrt(std::max(0.0, square));
}

double FlatAngle_rad(const Coefficients& coefficients, const ApertureOptions& aperture,
                     double limit_rad) {
  constexpr int kRings = 512, kDirections = 72;
  const std::vector<Term> terms = Terms(coefficients, aperture);
  int flat = kRings;  // rings that no direction so far has left
  for (int d = 0; d < kDirections; ++d) {
    const double phi = 2 * std::numbers::pi * d / kDirections;
    std::array<double, 7> c{};  // χ along this direction, by powers of ρ
    for (const Term& t : terms) {
      c[size_t(t.power)] += t.rim_rad * (t.sine ? std::sin(t.m * phi) : std::cos(t.m * phi));
    }
    for (int ring = 1; ring <= flat; ++ring) {
      const double rho = double(ring) / kRings;
      double chi = 0;
      for (size_t power = c.size(); power-- > 0;) chi = chi * rho + c[power];
      if (std::fabs(chi) > limit_rad) flat = ring - 1;
    }
  }
  return aperture.semiangle_rad * flat / kRings;
}

}  // namespace ronchi::theory
