#include "sim/physics/electron.h"

#include <cmath>
#include <numbers>

namespace ronchi::sim {
namespace {
constexpr double kElectronMass_kg = 9.1093837015e-31;
constexpr double kElementaryCharge = 1.602176634e-19;
constexpr double kPlanck = 6.62607015e-34;
constexpr double kLightSpeed = 299792458.0;
constexpr double kRestEnergy_J = kElectronMass_kg * kLightSpeed * kLightSpeed;
}  // namespace

double Wavelength_A(double energy_eV) {
  const double e = kElementaryCharge * energy_eV;
  return kPlanck * kLightSpeed / std::sqrt(e * (2 * kRestEnergy_J + e)) * 1e10;
}

double InteractionConstant(double energy_eV) {
  const double gamma = 1 + kElementaryCharge * energy_eV / kRestEnergy_J;
  return 2 * std::numbers::pi * gamma * kElectronMass_kg * kElementaryCharge *
         (Wavelength_A(energy_eV) * 1e-10) / (kPlanck * kPlanck) * 1e-10;
}

double PotentialPerScatteringFactor() {
  return kPlanck * kPlanck / (2 * std::numbers::pi * kElectronMass_kg * kElementaryCharge) * 1e20;
}

}  // namespace ronchi::sim
