// The aberration function and the probe made with it.
#include "sim/physics/aberrations.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "sim/physics/electron.h"
#include "sim/probe.h"

namespace ronchi::sim {
namespace {

constexpr double kPi = std::numbers::pi;

// Every term alone at random angles against χ = (2π/λ) C α^{n+1}/(n+1) cos m(φ − φ_nm), written
// out. 1e-12: double precision round-off of a few products, relative to the largest χ of the term.
TEST(Aberrations, ChiOfEveryTermIsKrivaneksFormula) {
  const double wavelength = Wavelength_A(200e3);
  RandomStream random({.seed = 1, .name = "test.chi"});
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const auto [n, m, name] = kAberrationTerms[t];
    for (int trial = 0; trial < 20; ++trial) {
      const double alpha = random.Uniform(0.001, 0.05), phi = random.Uniform(-kPi, kPi);
      const double c = random.Uniform(-1e4, 1e4), phi_c = random.Uniform(-kPi, kPi);
      Aberrations a;
      a.SetPolar(int(t), c, phi_c);
      const double scale = 2 * kPi / wavelength * c * std::pow(alpha, n + 1) / (n + 1);
      EXPECT_NEAR(a.Chi(alpha * std::cos(phi), alpha * std::sin(phi), wavelength),
                  scale * std::cos(m * (phi - phi_c)), 1e-12 * std::fabs(scale) + 1e-15)
          << name;
    }
  }
}

TEST(Aberrations, NamesSayOrderAndMultiplicity) {
  for (const auto& [n, m, name] : kAberrationTerms) {
    EXPECT_EQ(name, absl::StrCat("C", n, m));
    EXPECT_EQ((n + 1 - m) % 2, 0) << name;  // what Chi's powers of α² rest on
  }
  EXPECT_EQ(kAberrationTerms[kC10].name, "C10");
  EXPECT_EQ(kAberrationTerms[kC12].name, "C12");
  EXPECT_EQ(kAberrationTerms[kC21].name, "C21");
  EXPECT_EQ(kAberrationTerms[kC23].name, "C23");
  EXPECT_EQ(kAberrationTerms[kC30].name, "C30");
}

TEST(Aberrations, ComponentsAndPolarFormAreTheSame) {
  const double wavelength = Wavelength_A(80e3);
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const int m = kAberrationTerms[t].m;
    Aberrations polar, components;
    polar.SetPolar(int(t), 123, 0.7);
    components.a_A[t] = 123 * std::cos(m * 0.7);
    components.b_A[t] = 123 * std::sin(m * 0.7);
    const double expected = polar.Chi(0.013, -0.021, wavelength);
    EXPECT_NE(expected, 0);
    EXPECT_DOUBLE_EQ(components.Chi(0.013, -0.021, wavelength), expected);
    // φ_nm is defined up to a turn by 2π/m.
    if (m == 0) continue;
    Aberrations turned;
    turned.SetPolar(int(t), 123, 0.7 + 2 * kPi / m);
    EXPECT_NEAR(turned.Chi(0.013, -0.021, wavelength), expected, 1e-12 * std::fabs(expected));
  }
}

TEST(Aberrations, TermsAdd) {
  Aberrations all;
  double sum = 0;
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    Aberrations one;
    one.SetPolar(int(t), 10.0 + double(t), 0.1 * double(t));
    all.SetPolar(int(t), 10.0 + double(t), 0.1 * double(t));
    sum += one.Chi(0.02, 0.03, 0.025);
  }
  EXPECT_NEAR(all.Chi(0.02, 0.03, 0.025), sum, 1e-12 * std::fabs(sum));
  EXPECT_EQ(all.Chi(0, 0, 0.025), 0);
}

// Overfocus (defocus > 0) is C10 < 0: the phase of the wave, e^{−iχ}, then grows with α².
TEST(Aberrations, SignOfDefocus) {
  Aberrations over;
  over.SetPolar(kC10, -100, 0);
  EXPECT_LT(over.Chi(0.02, 0, 0.025), 0);
}

// ---- The probe.

double Norm(const ProbeSpectrum& p) {
  double sum = 0;
  for (const auto& b : p.beams) sum += std::norm(std::complex<double>(b.amplitude));
  return sum;
}

// Round-off of the amplitudes, held in single precision.
TEST(Probe, HoldsOneElectronWhateverTheOptics) {
  for (const Grid& grid : {Grid{64, 64, 10, 10}, {45, 90, 9, 17}, {33, 40, 15, 10}}) {
    BeamOptics optics;
    optics.semiangle_rad = 0.01;
    EXPECT_NEAR(Norm(*MakeProbe(grid, optics)), 1, 1e-6);
    for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
      optics.aberrations.SetPolar(int(t), 1e4, 0.2);
    }
    EXPECT_NEAR(Norm(*MakeProbe(grid, optics)), 1, 1e-6);
  }
}

TEST(Probe, BeamsCarryTheAberrationsPhase) {
  const Grid grid{64, 64, 20, 16};
  BeamOptics round, aberrated;
  aberrated.aberrations.SetPolar(kC10, 80, 0);
  aberrated.aberrations.SetPolar(kC23, 900, 0.4);
  const double wavelength = Wavelength_A(200e3);
  const ProbeSpectrum a = *MakeProbe(grid, round), b = *MakeProbe(grid, aberrated);
  ASSERT_EQ(a.beams.size(), b.beams.size());
  ASSERT_GT(a.beams.size(), 100u);
  for (size_t i = 0; i < a.beams.size(); ++i) {
    const double chi =
        aberrated.aberrations.Chi(grid.kx_per_A(b.beams[i].ix) * wavelength,
                                  grid.ky_per_A(b.beams[i].iy) * wavelength, wavelength);
    const auto expected = std::complex<double>(a.beams[i].amplitude) * std::polar(1.0, -chi);
    EXPECT_LT(std::abs(std::complex<double>(b.beams[i].amplitude) - expected), 1e-7);
  }
}

// In vacuum a round aperture gives Airy's disc, |ψ(r)/ψ(0)|² = (2 J₁(x)/x)², x = 2π α r/λ. The
// aperture of radius n pixels is a disc up to its edge, O(1/n²) of it: 24 mrad in a 60 Å box is 57
// pixels. And what differs must fall as the box grows.
TEST(Probe, IsAirysDiscInVacuum) {
  const double wavelength = Wavelength_A(200e3);
  auto error = [&](double box_A) {
    const size_t n = size_t(box_A * 4);
    const Grid grid{n, n, box_A, box_A};
    const ProbeSpectrum probe = *MakeProbe(grid, {});
    auto intensity = [&](double x, double y) {
      std::complex<double> sum = 0;
      for (const auto& b : probe.beams) {
        sum += std::complex<double>(b.amplitude) *
               std::polar(1.0, 2 * kPi * (grid.kx_per_A(b.ix) * x + grid.ky_per_A(b.iy) * y));
      }
      return std::norm(sum);
    };
    const double centre = intensity(0, 0);
    double worst = 0;
    for (double r = 0.1; r < 2; r += 0.1) {
      const double x = 2 * kPi * 0.024 / wavelength * r;
      const double airy = std::pow(2 * std::cyl_bessel_j(1, x) / x, 2);
      for (double angle : {0.0, 0.4, kPi / 4, 1.2}) {
        worst = std::max(
            worst, std::fabs(intensity(r * std::cos(angle), r * std::sin(angle)) / centre - airy));
      }
    }
    return worst;
  };
  const double small = error(15), large = error(60);
  EXPECT_LT(large, 1e-3);
  EXPECT_LT(large, small / 2);
}

TEST(Probe, RefusesAnApertureBeyondTheBandLimit) {
  BeamOptics wide;
  wide.semiangle_rad = 0.05;
  const auto probe = MakeProbe({32, 32, 10, 10}, wide);
  ASSERT_TRUE(absl::IsInvalidArgument(probe.status()));
  // 2/3 of Nyquist at 0.3125 Å: 1.0667/Å, times 0.025079 Å.
  EXPECT_NE(probe.status().message().find("50 mrad"), std::string::npos) << probe.status();
  EXPECT_NE(probe.status().message().find("26.75 mrad"), std::string::npos) << probe.status();
}

}  // namespace
}  // namespace ronchi::sim
