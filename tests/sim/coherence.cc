#include "sim/coherence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/linear.h"
#include "sim/simulation.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

// The average of cos(κ C10) over a normal spread is exp(−κ²Δ²/2) cos(κ C10), exactly: every beam
// pair of the probe feels defocus through such a cosine.
TEST(FocalSpread, QuadratureAveragesCosinesAsTheNormalDistributionDoes) {
  const double spread = 30, c10 = 12;
  BeamOptics optics;
  optics.aberrations.SetPolar(kC10, c10, 0);
  const std::vector<WeightedOptics> defoci = SpreadFocus(optics, spread);
  for (double kappa : {0.01, 0.03, 0.06}) {  // 1/Å; the last lets only 20 % through
    double sum = 0, weights = 0;
    for (const WeightedOptics& w : defoci) {
      sum += w.weight * std::cos(kappa * w.optics.aberrations.a_A[kC10]);
      weights += w.weight;
    }
    EXPECT_NEAR(weights, 1, 1e-12);
    // The tail beyond 3.75 standard deviations: 2e-4.
    EXPECT_NEAR(sum, std::exp(-kappa * kappa * spread * spread / 2) * std::cos(kappa * c10), 4e-4);
  }
  EXPECT_EQ(SpreadFocus(optics, 0).size(), 1u);
}

// A cosine blurred by a normal source keeps its place and loses exp(−2π²σ²k²).
TEST(SourceSize, DampsACosineByTheGaussiansTransform) {
  const size_t n = 200;
  const double step = 0.05, period = 2.0, fwhm = 0.8, sigma = fwhm / 2.354820045;
  std::vector<double> values(n * 2 * 3);
  for (size_t i = 0; i < n; ++i) {
    for (size_t rest = 0; rest < 6; ++rest) {
      values[i * 6 + rest] = 5 + std::cos(2 * M_PI * double(i) * step / period);
    }
  }
  BlurBySource(fwhm, step, 100, {false, false}, 1, n, 2, 3,
               &values);  // y steps far apart: nothing mixes along y
  const double damping = std::exp(-2 * M_PI * M_PI * sigma * sigma / (period * period));
  for (size_t i = n / 4; i < 3 * n / 4; ++i) {  // away from the edges
    EXPECT_NEAR(values[i * 6 + 4], 5 + damping * std::cos(2 * M_PI * double(i) * step / period),
                1e-5);
  }
}

TEST(SourceSize, KeepsAConstantUpToTheEdges) {
  std::vector<double> values(9 * 7, 2.5);
  BlurBySource(1.0, 0.3, 0.2, {false, true}, 1, 9, 7, 1, &values);
  for (double v : values) EXPECT_NEAR(v, 2.5, 1e-12);
}

// Of a periodic raster every place is the middle: the damping holds up to the ends, also where the
// source is wider than the raster.
TEST(SourceSize, GoesRoundAPeriodicRaster) {
  for (const double fwhm : {0.8, 6.0}) {
    const size_t n = 40;
    const double step = 0.05, period = 2.0, sigma = fwhm / 2.354820045;
    std::vector<double> values(n * n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        values[i * n + j] = 5 + std::cos(2 * M_PI * double(i + j) * step / period);
      }
    }
    BlurBySource(fwhm, step, step, {true, true}, 1, n, n, 1, &values);
    const double damping = std::exp(-4 * M_PI * M_PI * sigma * sigma / (period * period));
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {  // the source ends at five standard deviations: 6e-7
        EXPECT_NEAR(values[i * n + j],
                    5 + damping * std::cos(2 * M_PI * double(i + j) * step / period), 1e-5);
      }
    }
  }
}

// Where the box is scanned whole, an image that starts elsewhere is the same image moved.
TEST(SourceSize, AWholeBoxHasNoEdges) {
  SimulationOptions o;
  o.specimen = *ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz");
  o.specimen = o.specimen.Repeated(4, 4, 1);
  o.grid_pixels = {128, 128};
  o.slice_thickness_A = 3.905;
  o.exit_slices = {1};
  o.source_fwhm_A = 1.5;
  o.detectors = {{.name = "haadf", .inner_rad = 0.05, .outer_rad = 0.065}};
  const double box = o.specimen.cell_A[0];
  o.scan = {.end_A = {box, box}, .pixels = {16, 16}};
  const Array<float> image = Simulate(o)->images[0].values;
  o.scan.start_A = {box / 16 * 5, box / 16 * 2};
  o.scan.end_A = {o.scan.start_A[0] + box, o.scan.start_A[1] + box};
  const Array<float> moved = Simulate(o)->images[0].values;
  for (size_t i = 0; i < 16; ++i) {
    for (size_t j = 0; j < 16; ++j) {  // float32 waves
      EXPECT_NEAR(moved(i, j), image((i + 5) % 16, (j + 2) % 16), 2e-5 * image(0, 0));
    }
  }
}

// Through the whole program: both effects lower the contrast, neither moves the mean of a scan over
// whole cells by more than the edges do.
TEST(Coherence, LowersContrast) {
  SimulationOptions o;
  o.specimen =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(4, 4, 1);
  o.grid_pixels = {128, 128};
  o.slice_thickness_A = 3.905;
  o.exit_slices = {1};
  o.scan = {.end_A = {3.905, 3.905}, .pixels = {12, 12}};
  o.detectors = {{.name = "haadf", .inner_rad = 0.05, .outer_rad = 0.065}};
  auto contrast = [&] {
    const Array<float> v = Simulate(o)->images[0].values;
    double mean = 0, squares = 0;
    for (float x : v) mean += x / double(v.size());
    for (float x : v) squares += (x - mean) * (x - mean) / double(v.size());
    return squares / (mean * mean);
  };
  const double sharp = contrast();
  o.focal_spread_A = 40;
  EXPECT_LT(contrast(), 0.95 * sharp);
  o.focal_spread_A = 0;
  o.source_fwhm_A = 0.8;
  EXPECT_LT(contrast(), 0.95 * sharp);
}

}  // namespace
}  // namespace ronchi::sim
