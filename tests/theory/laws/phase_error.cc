// The closed form of the phase error against a sum over the aperture, and what cannot matter.
#include "theory/laws/phase_error.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>

#include "sim/physics/aberrations.h"
#include "sim/physics/electron.h"

namespace ronchi::theory {
namespace {

constexpr ApertureOptions kAperture{.energy_eV = 200e3, .semiangle_rad = 0.025};

TEST(PhaseError, OfSingleTermsIsThatOfZernikePolynomials) {
  const double lambda_nm = sim::Wavelength_A(200e3) / 10, a = 0.025;
  const auto rim = [&](double c_nm, int n) {
    return 2 * std::numbers::pi / lambda_nm * c_nm * std::pow(a, n + 1) / (n + 1);
  };
  // ρ² has the standard deviation 1/√12 over a disc, ρ² cos 2φ 1/√6, coma beside its shift 1/√72,
  // ρ³ cos 3φ 1/√8, ρ⁴ 2/√45 (Noll, J. Opt. Soc. Am. 66, 207 (1976), table I).
  EXPECT_NEAR(RmsPhaseError_rad({{"total_C10_nm", 3}}, kAperture), rim(3, 1) / std::sqrt(12),
              1e-12);
  EXPECT_NEAR(RmsPhaseError_rad({{"total_C12b_nm", -3}}, kAperture), rim(3, 1) / std::sqrt(6),
              1e-12);
  EXPECT_NEAR(RmsPhaseError_rad({{"total_C21a_nm", 90}}, kAperture), rim(90, 2) / std::sqrt(72),
              1e-12);
  EXPECT_NEAR(RmsPhaseError_rad({{"total_C23a_nm", 90}}, kAperture), rim(90, 2) / std::sqrt(8),
              1e-12);
  EXPECT_NEAR(RmsPhaseError_rad({{"total_C30_nm", 1e3}}, kAperture),
              rim(1e3, 3) * 2 / std::sqrt(45), 1e-12);
  EXPECT_EQ(RmsPhaseError_rad({}, kAperture), 0);
}

// A fit of piston and tilt on a fine polar grid, all terms at once. Midpoints of 400 rings leave an
// error of their square, 10⁻⁵.
TEST(PhaseError, AgreesWithASumOverTheAperture) {
  sim::Aberrations a;
  Coefficients named;
  double value = 17;
  for (size_t t = 0; t < 7; ++t) {
    const auto& term = sim::kAberrationTerms[t];
    const double scale_nm = std::pow(40.0, term.n);  // some rad at the rim, each
    a.a_A[t] = 10 * scale_nm * std::sin(value += 1.3);
    const std::string name = "total_" + std::string(term.name);
    named[name + (term.m ? "a_nm" : "_nm")] = a.a_A[t] / 10;
    if (term.m == 0) continue;
    a.b_A[t] = 10 * scale_nm * std::sin(value += 1.3);
    named[name + "b_nm"] = a.b_A[t] / 10;
  }
  const double wavelength_A = sim::Wavelength_A(kAperture.energy_eV);
  double weight = 0, chi1 = 0, chi2 = 0, chix = 0, chiy = 0, xx = 0;
  for (int r = 0; r < 400; ++r) {
    for (int d = 0; d < 120; ++d) {
      const double rho = (r + 0.5) / 400, phi = 2 * std::numbers::pi * d / 120;
      const double x = rho * std::cos(phi), y = rho * std::sin(phi);
      const double chi =
          a.Chi(kAperture.semiangle_rad * x, kAperture.semiangle_rad * y, wavelength_A);
      weight += rho;
      chi1 += rho * chi;
      chi2 += rho * chi * chi;
      chix += rho * chi * x;
      chiy += rho * chi * y;
      xx += rho * x * x;
    }
  }
  const double variance = (chi2 - chi1 * chi1 / weight - (chix * chix + chiy * chiy) / xx) / weight;
  EXPECT_NEAR(RmsPhaseError_rad(named, kAperture) / std::sqrt(variance), 1, 1e-5);
}

TEST(PhaseError, FlatAngleOfDefocusIsWhereItsPhaseReachesTheLimit) {
  // |C10| π α²/λ = π/4.
  const double expected = std::sqrt(sim::Wavelength_A(200e3) / (4 * 50));
  EXPECT_NEAR(FlatAngle_rad({{"total_C10_nm", 5}}, kAperture, std::numbers::pi / 4), expected,
              kAperture.semiangle_rad / 512);
  EXPECT_EQ(FlatAngle_rad({}, kAperture, std::numbers::pi / 4), kAperture.semiangle_rad);
}

// All terms, against χ itself on the rings where the limit is met.
TEST(PhaseError, FlatAngleIsWhereChiFirstReachesTheLimit) {
  const Coefficients c = {{"total_C10_nm", -4},  {"total_C12a_nm", 2},    {"total_C21b_nm", 90},
                          {"total_C23a_nm", 70}, {"total_C30_nm", -2000}, {"total_C34b_nm", 900}};
  sim::Aberrations a;
  a.a_A[sim::kC10] = -40;
  a.a_A[sim::kC12] = 20;
  a.b_A[sim::kC21] = 900;
  a.a_A[sim::kC23] = 700;
  a.a_A[sim::kC30] = -20000;
  a.b_A[6] = 9000;
  const double limit = std::numbers::pi / 4, lambda_A = sim::Wavelength_A(200e3);
  const auto largest = [&](double angle_rad) {
    double chi = 0;
    for (int d = 0; d < 3600; ++d) {
      const double phi = 2 * std::numbers::pi * d / 3600;
      chi = std::max(
          chi, std::fabs(a.Chi(angle_rad * std::cos(phi), angle_rad * std::sin(phi), lambda_A)));
    }
    return chi;
  };
  const double flat = FlatAngle_rad(c, kAperture, limit), ring = kAperture.semiangle_rad / 512;
  EXPECT_GT(flat, 0.002);
  EXPECT_LT(flat, 0.02);
  EXPECT_LT(largest(flat), 1.01 * limit);  // 72 directions: the steepest lies within 2.5 degrees
  EXPECT_GT(largest(flat + ring), limit);
}

}  // namespace
}  // namespace ronchi::theory
