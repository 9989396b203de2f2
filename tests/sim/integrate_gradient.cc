// The integrated image of a known gradient, and end to end: integrated centre of mass of a phase
// object.
#include "sim/integrate_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <vector>

#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/simulate_config.h"

namespace ronchi::sim {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

struct Wave {
  int h, k;
  double amplitude, phase;
};
// Periodic over the raster, below half a cycle a pixel along both axes.
const std::vector<Wave> kWaves = {
    {1, 0, 0.7, 0.3}, {0, 2, -0.4, 1.1}, {3, -2, 0.25, -0.8}, {-5, 4, 0.1, 2}};

// φ at the fractions (u, v) of the raster.
double Phase(double u, double v) {
  double sum = 0;
  for (const Wave& w : kWaves) {
    sum += w.amplitude * std::cos(kTwoPi * (w.h * u + w.k * v) + w.phase);
  }
  return sum;
}

class Rasters : public testing::TestWithParam<GradientRaster> {};

TEST_P(Rasters, InvertAKnownGradient) {
  const GradientRaster r = GetParam();
  const auto [nx, ny] = r.pixels;
  std::vector<double> vectors, phase(nx * ny);
  for (size_t i = 0; i < nx; ++i) {
    for (size_t j = 0; j < ny; ++j) {
      const double u = double(i) / double(nx), v = double(j) / double(ny);
      std::array<double, 2> gradient = {0, 0};  // rad/Å
      for (const Wave& w : kWaves) {
        const double s = -w.amplitude * kTwoPi * std::sin(kTwoPi * (w.h * u + w.k * v) + w.phase);
        gradient[0] += s * w.h / (double(nx) * r.step_A[0]);
        gradient[1] += s * w.k / (double(ny) * r.step_A[1]);
      }
      for (double g : gradient) vectors.push_back(r.wavelength_A / kTwoPi * g * 1e3);
    }
  }
  IntegrateGradient(r, vectors, phase);
  for (size_t i = 0; i < nx; ++i) {
    for (size_t j = 0; j < ny; ++j) {
      // Single precision: some 1e-7 of the phase's size.
      EXPECT_NEAR(phase[i * ny + j], Phase(double(i) / double(nx), double(j) / double(ny)), 3e-6);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Rasters,
                         testing::Values(GradientRaster{{16, 16}, {0.2, 0.2}, 0.025},
                                         GradientRaster{{12, 30}, {0.3, 0.1}, 0.025},
                                         GradientRaster{{15, 11}, {0.17, 0.4}, 0.037},
                                         GradientRaster{{16, 18}, {-0.2, 0.3}, 0.025},
                                         GradientRaster{{16, 18}, {-0.2, -0.3}, 0.025}));

// A wave of frequency q is damped by 1 − exp(−q²/2q₀²), and nothing else happens to it.
TEST(IntegrateGradient, HighPassDampsLongWaves) {
  constexpr size_t kN = 32;
  constexpr double kStep_A = 0.25, kWavelength_A = 0.025;
  for (int h : {1, 3, 9}) {
    const double q = h / (kN * kStep_A), q0 = 0.4;
    std::vector<double> vectors, phase(kN * kN);
    for (size_t i = 0; i < kN * kN; ++i) {
      const double t = kTwoPi * h * double(i / kN) / kN;
      vectors.push_back(-kWavelength_A * q * std::sin(t) * 1e3);
      vectors.push_back(0);
    }
    IntegrateGradient({{kN, kN}, {kStep_A, kStep_A}, kWavelength_A, q0}, vectors, phase);
    EXPECT_NEAR(phase[0], 1 - std::exp(-q * q / (2 * q0 * q0)), 1e-5) << h;
  }
}

TEST(IntegrateGradient, OneMissingProbeMakesAllNan) {
  std::vector<double> vectors(2 * 64, 0.1), phase(64);
  vectors[17] = std::numeric_limits<double>::quiet_NaN();
  IntegrateGradient({{8, 8}, {1, 1}, 0.025}, vectors, phase);
  for (double v : phase) EXPECT_TRUE(std::isnan(v));
}

// Fourier sums of a probe's |ψ|² and of one atom's phase, up to |h|, |k| <= kMost.
struct PhaseSeen {
  static constexpr int kMost = 16;  // twice 15 mrad · 12 Å/λ = 7.2, and the soft rim
  static size_t At(int h, int k) { return size_t(h + kMost) * (2 * kMost + 1) + size_t(k + kMost); }

  PhaseSeen(const Grid& g, const BeamOptics& beam, const Atom& atom)
      : pairs((2 * kMost + 1) * (2 * kMost + 1)), phase(pairs.size()) {
    const auto signed_index = [](size_t i, size_t n) {
      return 2 * i < n ? int(i) : int(i) - int(n);
    };
    const ProbeSpectrum probe = *MakeProbe(g, beam);
    for (const auto& a : probe.beams) {
      for (const auto& b : probe.beams) {
        const int h = signed_index(b.ix, g.nx) - signed_index(a.ix, g.nx);
        const int k = signed_index(b.iy, g.ny) - signed_index(a.iy, g.ny);
        pairs[At(h, k)] += std::complex<double>(std::conj(a.amplitude) * b.amplitude);
      }
    }
    const auto factors = *ScatteringFactors::Load("kirkland");
    const double strength = InteractionConstant(beam.energy_eV) * PotentialPerScatteringFactor();
    for (int h = -kMost; h <= kMost; ++h) {
      for (int k = -kMost; k <= kMost; ++k) {
        const double kx = h / g.lx_A, ky = k / g.ly_A;
        phase[At(h, k)] =
            std::polar(strength * factors->At(atom.z, kx * kx + ky * ky) / (g.lx_A * g.ly_A),
                       -kTwoPi * (kx * atom.x_A + ky * atom.y_A));
      }
    }
  }

  std::vector<std::complex<double>> pairs;  // Σ ψ*(k) ψ(k + g)
  std::vector<std::complex<double>> phase;
};

// A phase object deflects a probe by the mean of its gradient under it,
//   I_CoM = λ/2π ∇(φ ⋆ |ψ|²),
// so that the integrated image is the phase seen through |ψ|², whatever the aberrations (Lazić,
// Bosch & Lazar 2016, eq. 14). One slice, one atom; written out as a Fourier sum.
TEST(IntegrateGradient, OfAPhaseObjectIsThePhaseSeenByTheProbe) {
  constexpr char kJob[] = R"(version: 1
specimen: {build: amorphous, density_g_cm3: 0.5, size_A: [10, 12], thickness_A: 2}
beam: {energy_keV: 200, semiangle_mrad: 15, aberrations: {C10_A: 60, C21_A: 400, phi21_deg: 20}}
grid: {pixels: [128, 150], slice_thickness_A: 2}
scan: {end_fraction: [1, 1], pixels: [32, 36]}
detectors: {com: {type: center_of_mass}, icom: {type: idpc}}
)";
  SimulationOptions o = *ReadSimulationOptions(*Config::Parse(kJob, "job.yaml", {}));
  o.specimen.atoms = {{6, 4.1, 7.3, 1, 1}};  // one carbon
  const CompleteSimulation run = *Simulate(o);
  const Array<float>&com = run.images[0].values, &image = run.images[1].values;
  const Grid g = o.grid();
  const PhaseSeen sums(g, o.beam, o.specimen.atoms[0]);
  constexpr int kMost = PhaseSeen::kMost;
  const auto [nx, ny] = o.scan.pixels;
  double largest = 0, worst = 0, worst_x = 0, largest_x = 0;
  for (size_t i = 0; i < nx; ++i) {
    for (size_t j = 0; j < ny; ++j) {
      double expected = 0, slope = 0;  // φ̄ and λ/2π ∂φ̄/∂x, mrad
      for (int h = -kMost; h <= kMost; ++h) {
        for (int k = -kMost; k <= kMost; ++k) {
          if (h == 0 && k == 0) continue;  // the image's mean is not told
          const std::complex<double> v =
              sums.phase[PhaseSeen::At(h, k)] * sums.pairs[PhaseSeen::At(-h, -k)] *
              std::polar(1.0, kTwoPi * (h * double(i) / double(nx) + k * double(j) / double(ny)));
          expected += v.real();
          slope += -v.imag() * h / g.lx_A * Wavelength_A(o.beam.energy_eV) * 1e3;
        }
      }
      largest = std::max(largest, std::fabs(expected));
      worst = std::max(worst, std::fabs(image(i, j) - expected));
      largest_x = std::max(largest_x, std::fabs(slope));
      worst_x = std::max(worst_x, std::fabs(com.data()[2 * (i * ny + j)] - slope));
    }
  }
  EXPECT_GT(largest, 0.01);  // rad
  // What exp(iφ) scatters beyond the band limit is lost: 2e-4 was seen in both.
  EXPECT_LT(worst, 1e-3 * largest);
  EXPECT_LT(worst_x, 1e-3 * largest_x);
}

}  // namespace
}  // namespace ronchi::sim
