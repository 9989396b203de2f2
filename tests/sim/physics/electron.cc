#include "sim/physics/electron.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace ronchi::sim {
namespace {

// CODATA 2018, in electronvolts and ångströms: mc², hc, the Bohr radius.
constexpr double kRest_eV = 510998.95000, kHc_eV_A = 12398.419843320, kBohr_A = 0.529177210903;

TEST(Electron, WavelengthIsDeBroglies) {
  for (double energy_eV : {1e3, 30e3, 80e3, 200e3, 300e3, 3e6}) {
    // The constants have ten digits.
    EXPECT_NEAR(Wavelength_A(energy_eV) * std::sqrt(energy_eV * (2 * kRest_eV + energy_eV)),
                kHc_eV_A, 1e-9 * kHc_eV_A);
  }
  EXPECT_NEAR(Wavelength_A(200e3), 0.02508, 5e-6);  // the textbooks' digits
  EXPECT_NEAR(Wavelength_A(100e3), 0.03701, 5e-6);
  EXPECT_NEAR(Wavelength_A(0.01), 12.2643 / std::sqrt(0.01), 1e-3);  // slow: 12.26 Å/√V
}

// The other form that textbooks have: 2π/(λE) (mc² + E)/(2mc² + E).
TEST(Electron, InteractionConstant) {
  for (double energy_eV : {1e3, 60e3, 200e3, 1e6}) {
    const double expected = 2 * std::numbers::pi / (Wavelength_A(energy_eV) * energy_eV) *
                            (kRest_eV + energy_eV) / (2 * kRest_eV + energy_eV);
    EXPECT_NEAR(InteractionConstant(energy_eV), expected, 1e-9 * expected);
  }
}

// h²/(2π m e) = 2π a₀ e²/(4πε₀)/e, with e²/(4πε₀) = 27.2114 eV a₀.
TEST(Electron, PotentialOfAScatteringFactor) {
  const double hartree_eV = 27.211386245988;
  EXPECT_NEAR(PotentialPerScatteringFactor(), 2 * std::numbers::pi * hartree_eV * kBohr_A * kBohr_A,
              1e-7);
  // A phase is σ V = λ γ f per area.
  const double e = 200e3, gamma = 1 + e / kRest_eV;
  EXPECT_NEAR(InteractionConstant(e) * PotentialPerScatteringFactor(), gamma * Wavelength_A(e),
              1e-10);
}

}  // namespace
}  // namespace ronchi::sim
