#include "theory/laws/knock_on.h"

#include <cmath>

#include "core/angle.h"
#include "core/quantity.h"

namespace ronchi::theory {
namespace {

constexpr double kElectron_eV = 510998.95;  // m c², CODATA 2018
constexpr double kUnit_eV = 931494102.42;   // u c²
constexpr double kLight_m_s = 299792458;
constexpr double kRydberg_eV = 13.605693123;
constexpr double kBohr_m = 5.29177210903e-11;
constexpr double kFineStructure = 7.2973525693e-3;

double CrossSection_m2(const KnockOnTarget& t, double energy_eV, double largest_eV) {
  const double x = largest_eV / t.threshold_eV;
  if (x <= 1) return 0;
  const double gamma = 1 + energy_eV / kElectron_eV, beta2 = 1 - 1 / (gamma * gamma);
  const double beta = std::sqrt(beta2), alpha = t.z * kFineStructure;
  const double radius = t.z * kBohr_m * 2 * kRydberg_eV / kElectron_eV;  // Z e²/(4πε₀ mc²)
  const double bracket =
      x - 1 - beta2 * std::log(x) + kPi * alpha * beta * (2 * std::sqrt(x) - 2 - std::log(x));
  return kPi * radius * radius * (1 - beta2) / (beta2 * beta2) * bracket;
}

}  // namespace

KnockOnTarget Graphene12C() { return {}; }
KnockOnTarget Graphene13C() {
  KnockOnTarget t;
  t.mass_u = 13.00335483507;
  t.velocity2_m2_s2 *= 12 / t.mass_u;
  return t;
}

double LargestTransfer_eV(const KnockOnTarget& t, double energy_eV, double velocity_m_s) {
  const double mass_eV = t.mass_u * kUnit_eV, v = velocity_m_s / kLight_m_s;
  const double nucleus_eV = mass_eV * v * v / 2;
  const double r = std::sqrt(energy_eV * (energy_eV + 2 * kElectron_eV)) + mass_eV * v;
  const double all_eV = energy_eV + nucleus_eV;
  const double back = std::sqrt(all_eV * (all_eV + 2 * kElectron_eV));
  return std::pow(r + back, 2) / (2 * mass_eV);
}

double StaticThreshold_eV(const KnockOnTarget& t) {
  const double half = t.threshold_eV * t.mass_u * kUnit_eV / 2;
  return std::sqrt(kElectron_eV * kElectron_eV + half) - kElectron_eV;
}

double KnockOnCrossSection_barn(const KnockOnTarget& t, double energy_eV) {
  const auto at = [&](double v) {
    return CrossSection_m2(t, energy_eV, LargestTransfer_eV(t, energy_eV, v)) / kBarn_m2;
  };
  if (t.velocity2_m2_s2 <= 0) return at(0);
  // From the velocity at which it begins (no less than −9 σ) to 9 σ: smooth there, Simpson's rule.
  const double sigma = std::sqrt(t.velocity2_m2_s2);
  double low = -9 * sigma, high = 9 * sigma;
  if (at(high) == 0) return 0;
  if (at(low) == 0) {
    double below = low, above = high;
    for (int i = 0; i < 60; ++i) {
      const double middle = (below + above) / 2;
      (at(middle) > 0 ? above : below) = middle;
    }
    low = above;
  }
  constexpr int kIntervals = 2000;
  const double step = (high - low) / kIntervals;
  double sum = 0;
  for (int i = 0; i <= kIntervals; ++i) {
    const double v = low + i * step, weight = i == 0 || i == kIntervals ? 1 : i % 2 ? 4 : 2;
    sum += weight * at(v) * std::exp(-v * v / (2 * t.velocity2_m2_s2));
  }
  return sum * step / 3 / (sigma * std::sqrt(2 * kPi));
}

double KnockOnRate_per_s(double cross_section_barn, double current_A, double area_m2) {
  return cross_section_barn * kBarn_m2 * current_A / kElementaryCharge_C / area_m2;
}

}  // namespace ronchi::theory
