#include "sim/linear.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numeric>

#include "sim/simulation.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

const auto& Factors() {
  static const auto factors = *ScatteringFactors::Load("kirkland");
  return *factors;
}

Specimen StrontiumTitanate(int layers) {
  return ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(1, 1, layers);
}

LinearEngine Engine(const Specimen& s) { return *LinearEngine::Create(s, {}, Factors()); }

LinearRaster Raster(size_t n, double fov, double x0 = 0, double y0 = 0) {
  LinearRaster r{{}, fov / double(n), n};
  for (size_t l = 0; l < n; ++l) r.starts_A.push_back({x0, y0 + fov * double(l) / double(n)});
  return r;
}

std::vector<double> Image(const LinearEngine& e, const Aberrations& a, const LinearRaster& r) {
  std::vector<double> out(r.starts_A.size() * r.pixels);
  e.MakeHarmonics(a, 0).ComputeImage(r, out);
  return out;
}

// One atom so light that it scatters weakly (hydrogen: a phase of a few mrad) against multislice,
// an independent route. The mean over a scan is exact in the incoherent theory; what is left is the
// second Born term, and the ring in pixels of 2.1 mrad: 1.5 % (in a box twice as wide below 1 %).
// Point by point the theory neglects that the scattering vector depends on the direction within the
// aperture: 2 % of the peak (rms) are allowed for that.
TEST(Linear, WeakSingleAtomAgreesWithMultislice) {
  SimulationOptions o;
  o.specimen.cell_A = {12, 12, 2};
  o.specimen.atoms = {{.z = 1, .x_A = 6, .y_A = 6, .z_A = 1}};
  o.grid_pixels = {320, 320};
  o.slice_thickness_A = 2;
  o.exit_slices = {1};
  o.beam.aberrations.SetPolar(kC10, 30, 0);
  o.beam.aberrations.SetPolar(kC12, 20, 0.4);
  o.scan = {.end_A = {12, 12}, .pixels = {24, 24}};
  o.detectors = {{.name = "haadf", .inner_rad = 0.06, .outer_rad = 0.1}};
  const auto exact = Simulate(o);
  ASSERT_TRUE(exact.ok()) << exact.status();
  const std::vector<double> linear = Image(Engine(o.specimen), o.beam.aberrations, Raster(24, 12));
  double peak = 0, mean_linear = 0, mean_exact = 0;
  for (size_t i = 0; i < linear.size(); ++i) {
    peak = std::max(peak, linear[i]);
    mean_linear += linear[i];
    mean_exact += exact->images[0].values[i];
  }
  EXPECT_NEAR(mean_linear / mean_exact, 1, 0.015);
  double squares = 0;
  for (size_t x = 0; x < 24; ++x) {  // multislice images are [x, y], scanned lines run along x
    for (size_t y = 0; y < 24; ++y) {
      squares += std::pow(linear[y * 24 + x] - exact->images[0].values(x, y), 2);
    }
  }
  EXPECT_LT(std::sqrt(squares / double(linear.size())), 0.02 * peak);
}

// Parseval: the closed form against the sum over pixels, which is exact for a band-limited image
// sampled above its Nyquist rate. 1e-6: the probe's FFT is in single precision.
// Rows of one point each take another way through the sum; 10⁻¹² of an image that is below one is
// round-off of powers of up to e^{2πi·20x}.
TEST(Linear, ScatteredPositionsAgreeWithLines) {
  const LinearEngine engine = Engine(StrontiumTitanate(1));
  Aberrations a;
  a.SetPolar(kC12, 30, 0.3);
  a.SetPolar(kC21, 900, 1.1);
  const LinearRaster lines = Raster(21, 5.3, -7.7, 0.4);
  LinearRaster points{{}, 0, 1};
  for (const auto& [x, y] : lines.starts_A) {
    for (size_t p = 0; p < lines.pixels; ++p) {
      points.starts_A.push_back({x + double(p) * lines.step_A, y});
    }
  }
  const std::vector<double> one = Image(engine, a, lines), other = Image(engine, a, points);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_NEAR(one[i], other[i], 1e-12) << i;
}

TEST(Linear, ContrastOfHarmonicsEqualsContrastOfPixels) {
  const LinearEngine engine = Engine(StrontiumTitanate(4));
  Aberrations a;
  a.SetPolar(kC10, -35, 0);
  a.SetPolar(kC21, 200, 1);
  const std::vector<double> image = Image(engine, a, Raster(32, 3.905));
  const double mean = std::accumulate(image.begin(), image.end(), 0.0) / double(image.size());
  double variance = 0;
  for (double v : image) variance += (v - mean) * (v - mean) / double(image.size());
  EXPECT_NEAR(engine.MakeHarmonics(a, 0).Contrast(), variance / (mean * mean), 1e-6);
}

TEST(Linear, ShiftingTheScanShiftsTheImage) {
  const LinearEngine engine = Engine(StrontiumTitanate(2));
  Aberrations a;
  a.SetPolar(kC12, 40, 0.3);
  const std::vector<double> image = Image(engine, a, Raster(16, 3.905));
  const std::vector<double> shifted =
      Image(engine, a, Raster(16, 3.905, 3.905 / 16, 2 * 3.905 / 16));
  for (size_t l = 0; l < 16; ++l) {
    for (size_t p = 0; p < 16; ++p) {
      EXPECT_NEAR(shifted[l * 16 + p], image[((l + 2) % 16) * 16 + (p + 1) % 16], 1e-12);
    }
  }
}

// Contrast is largest without aberrations, falls with each, and with a broad source.
TEST(Linear, ContrastFallsWithEveryAberration) {
  const LinearEngine engine = Engine(StrontiumTitanate(4));
  const double best = engine.MakeHarmonics({}, 0).Contrast();
  for (int t : {kC10, kC12, kC21, kC23, kC30}) {
    Aberrations a;
    a.SetPolar(t, t == kC30 ? 4e5 : (t == kC10 || t == kC12 ? 60 : 3000), 0.2);
    EXPECT_LT(engine.MakeHarmonics(a, 0).Contrast(), 0.9 * best) << kAberrationTerms[t].name;
  }
  EXPECT_LT(engine.MakeHarmonics({}, 1.0).Contrast(), best);
}

TEST(Linear, RefusesBrightField) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      LinearEngine::Create(StrontiumTitanate(1), {.inner_rad = 0.01}, Factors()).status()));
}

}  // namespace
}  // namespace ronchi::sim
