// The contracted engine against multislice itself, probe by probe.
#include "sim/contracted.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "sim/simulation.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

constexpr double kSemiangle_rad = 0.022;

SimulationOptions Options(int cells, size_t pixels) {
  SimulationOptions o;
  o.specimen =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(cells, cells, 5);
  o.beam.semiangle_rad = kSemiangle_rad;
  o.grid_pixels = {pixels, pixels};
  o.slice_thickness_A = 1.9525;
  o.exit_slices = {10};
  o.scan = {.start_A = {0.3, -0.2}, .end_A = {3.905, 4.4}, .pixels = {6, 5}};
  o.detectors = {{.name = "haadf", .inner_rad = 0.045, .outer_rad = 0.06},
                 {.name = "bf", .outer_rad = 0.011},
                 {.name = "quad",
                  .type = DetectorOptions::Type::kSegmented,
                  .inner_rad = 0.008,
                  .outer_rad = 0.022,
                  .rotation_rad = 0.3}};
  return o;
}

// Every coefficient to fifth order, so that each turns the phase at the aperture's rim by some rad.
void Scramble(uint64_t draw, BeamOptics* optics) {
  RandomStream random({.seed = 7, .name = "test.contracted", .step = draw});
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    const int n = kAberrationTerms[t].n;
    const double rad = 2 * random.Normal();
    optics->aberrations.SetPolar(int(t),
                                 rad * (n + 1) * 0.025 / 6.28 / std::pow(kSemiangle_rad, n + 1),
                                 random.Uniform(0, 3));
  }
}

Contracted Make(const SimulationOptions& o) {
  const SimulationPlan plan = *PlanSimulation(o);
  auto builder = *ContractedBuilder::Create(plan.grid, o.beam.energy_eV, o.beam.semiangle_rad,
                                            plan.detectors, size_t(4) << 30);
  const auto factors = *ScatteringFactors::Load(o.parametrization);
  for (int c = 0; c < o.phonon_configurations; ++c) {
    const Specimen s =
        o.phonons ? o.specimen.Displaced(o.phonon_rms_A, 0, uint64_t(c)) : o.specimen;
    builder.Add(Multislice(*MakePotential(s, plan.grid, o.slice_thickness_A, *factors),
                           o.beam.energy_eV, o.tilt_rad));
  }
  return builder.Finish();
}

// rms of the difference over the mean, the largest of all detector values.
double Error(const SimulationOptions& o, const Contracted& engine) {
  const CompleteSimulation exact = *Simulate(o);
  std::vector<std::array<double, 2>> positions;
  for (size_t p = 0; p < o.scan.probes(); ++p) positions.push_back(o.scan.Position(p));
  const auto image = engine.ComputeImage(
      *engine.ComputeCoefficients({.beam = o.beam, .focal_spread_A = o.focal_spread_A}), positions);
  double worst = 0;
  size_t value = 0;
  for (const DetectorImage& e : exact.images) {
    const size_t n = e.values.size() / positions.size();
    for (size_t v = 0; v < n; ++v, ++value) {
      double squares = 0, mean = 0;
      for (size_t p = 0; p < positions.size(); ++p) {
        const double reference = e.values[p * n + v];
        squares += std::pow(image[value][p] - reference, 2) / double(positions.size());
        mean += reference / double(positions.size());
      }
      worst = std::max(worst, std::sqrt(squares) / mean);
    }
  }
  return worst;
}

// The same sums in another order: what single precision loses in ten slices, some 1e-6 of an
// image; the dark field, a hundredth of the intensity, ten times as much.
TEST(Contracted, IsMultisliceForAnyAberrations) {
  SimulationOptions o = Options(3, 96);
  const Contracted engine = Make(o);
  // The crystal's translations allow one difference in nine, all 89 of them (half of a disc).
  EXPECT_EQ(engine.differences(), 89u);
  for (uint64_t draw = 0; draw < 4; ++draw) {
    if (draw) Scramble(draw, &o.beam);
    EXPECT_LT(Error(o, engine), 1e-5);
  }
}

TEST(Contracted, AveragesFrozenPhonons) {
  SimulationOptions o = Options(2, 64);
  o.phonons = true;
  o.phonon_configurations = 3;
  for (int z : {8, 22, 38}) o.phonon_rms_A[z] = 0.08;
  Scramble(9, &o.beam);
  EXPECT_LT(Error(o, Make(o)), 1e-5);
}

// Smaller aperture, tilt within the beams held; a raster is the points of a raster.
TEST(Contracted, TakesAnyOpticsWithinTheBeamsHeld) {
  SimulationOptions o = Options(2, 64);
  const Contracted engine = Make(o);
  o.beam.semiangle_rad = 0.015;
  o.beam.tilt_rad = {0.004, -0.003};
  Scramble(3, &o.beam);
  EXPECT_LT(Error(o, engine), 1e-5);
  const auto c = *engine.ComputeCoefficients({.beam = o.beam, .source_fwhm_A = 0.7});
  std::vector<std::array<double, 2>> positions;
  for (size_t p = 0; p < o.scan.probes(); ++p) positions.push_back(o.scan.Position(p));
  const auto points = engine.ComputeImage(c, positions), raster = engine.ComputeRaster(c, o.scan);
  for (size_t v = 0; v < points.size(); ++v) {
    for (size_t p = 0; p < positions.size(); ++p) EXPECT_NEAR(points[v][p], raster[v][p], 1e-12);
  }
  o.beam.semiangle_rad = 0.0221;
  EXPECT_TRUE(absl::IsInvalidArgument(engine.ComputeCoefficients({.beam = o.beam}).status()));
}

// Both products against central differences. A step turns the phase at the rim by some 0.01 rad:
// the third derivative leaves 2e-5, single precision 1e-7/0.01.
TEST(Contracted, DerivativesAreThoseOfTheImage) {
  SimulationOptions o = Options(2, 64);
  const Contracted engine = Make(o);
  Scramble(5, &o.beam);
  const Contracted::Optics at{.beam = o.beam, .focal_spread_A = 25, .source_fwhm_A = 0.6};
  std::vector<std::array<double, 2>> positions;
  for (size_t p = 0; p < o.scan.probes(); ++p) positions.push_back(o.scan.Position(p));
  RandomStream random({.seed = 1, .name = "test.weights"});
  std::vector<std::vector<double>> weights(engine.values(), std::vector<double>(positions.size()));
  for (auto& v : weights) {
    for (double& w : v) w = random.Normal();
  }
  const auto loss = [&](const Contracted::Optics& optics, double dx, double dy) {
    auto moved = positions;
    for (auto& [x, y] : moved) x += dx, y += dy;
    const auto image = engine.ComputeImage(*engine.ComputeCoefficients(optics), moved);
    double sum = 0;
    for (size_t v = 0; v < image.size(); ++v) {
      for (size_t p = 0; p < moved.size(); ++p) sum += weights[v][p] * image[v][p];
    }
    return sum;
  };
  const Contracted::Coefficients w = engine.ComputeWeights(positions, weights);
  const Contracted::Coefficients same = engine.ComputeRasterWeights(o.scan, weights);
  for (size_t v = 0; v < engine.values(); ++v) {
    for (size_t i = 0; i < engine.differences(); ++i) {
      EXPECT_NEAR(std::abs(w.g[v][i] - same.g[v][i]), 0, 1e-11);
    }
  }
  const Contracted::Gradient g = *engine.ComputeGradient(at, w);
  const auto image = engine.ComputeImage(g.image, positions);
  const auto plain = engine.ComputeImage(*engine.ComputeCoefficients(at), positions);
  for (size_t v = 0; v < plain.size(); ++v) {
    for (size_t p = 0; p < positions.size(); ++p) EXPECT_NEAR(image[v][p], plain[v][p], 2e-6);
  }
  // Every loss is a sum over all of the image: compared on its scale a radian, the largest slope.
  double scale = 0;
  const auto step_A = [](size_t t) {
    const int n = kAberrationTerms[t].n;
    return 0.01 * (n + 1) * 0.025 / 6.28 / std::pow(kSemiangle_rad, n + 1);
  };
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    scale = std::max(scale, std::fabs(g.aberrations.a_A[t] * step_A(t)));
  }
  ASSERT_GT(scale, 0);
  for (size_t t = 0; t < kAberrationTerms.size(); ++t) {
    for (const bool is_b : {false, true}) {
      if (is_b && kAberrationTerms[t].m == 0) continue;
      Contracted::Optics up = at, down = at;
      Aberrations unit;
      (is_b ? unit.b_A : unit.a_A)[t] = 1;
      const double h = step_A(t);
      (is_b ? up.beam.aberrations.b_A : up.beam.aberrations.a_A)[t] += h;
      (is_b ? down.beam.aberrations.b_A : down.beam.aberrations.a_A)[t] -= h;
      const double central = (loss(up, 0, 0) - loss(down, 0, 0)) / 2;
      EXPECT_NEAR((is_b ? g.aberrations.b_A : g.aberrations.a_A)[t] * h, central, 1e-4 * scale)
          << kAberrationTerms[t].name;
      const auto along = engine.ComputeImage(*engine.ComputeDerivative(at, unit), positions);
      double forward = 0;
      for (size_t v = 0; v < along.size(); ++v) {
        for (size_t p = 0; p < positions.size(); ++p) forward += weights[v][p] * along[v][p];
      }
      EXPECT_NEAR(forward * h, (is_b ? g.aberrations.b_A : g.aberrations.a_A)[t] * h, 1e-5 * scale)
          << kAberrationTerms[t].name;
    }
  }
  const double h = 0.01;
  const double by_x = (loss(at, h, 0) - loss(at, -h, 0)) / (2 * h);
  const double by_y = (loss(at, 0, h) - loss(at, 0, -h)) / (2 * h);
  EXPECT_NEAR(g.shift_per_A[0], by_x, 1e-3 * std::hypot(by_x, by_y));
  EXPECT_NEAR(g.shift_per_A[1], by_y, 1e-3 * std::hypot(by_x, by_y));
  Contracted::Optics up = at, down = at;
  up.source_fwhm_A += h;
  down.source_fwhm_A -= h;
  const double by_source = (loss(up, 0, 0) - loss(down, 0, 0)) / (2 * h);
  EXPECT_NEAR(g.source_fwhm_per_A, by_source, 1e-3 * std::fabs(by_source));
  up = down = at;
  up.focal_spread_A += 1;
  down.focal_spread_A -= 1;
  const double by_spread = (loss(up, 0, 0) - loss(down, 0, 0)) / 2;
  EXPECT_NEAR(g.focal_spread_per_A, by_spread, 1e-2 * std::fabs(by_spread));
}

// Eleven defoci against the closed form: the quadrature leaves out 2e-4 of the weight.
TEST(Contracted, FocalSpreadIsAnAverageOverDefocus) {
  SimulationOptions o = Options(2, 64);
  const Contracted engine = Make(o);
  o.focal_spread_A = 40;
  EXPECT_LT(Error(o, engine), 1e-3);
  o.focal_spread_A = 0;
  o.focal_spread_A = 40;
  const auto a = engine.ComputeImage(
      *engine.ComputeCoefficients({.beam = o.beam, .focal_spread_A = 40}), {{{1, 1}}});
  const auto b = engine.ComputeImage(*engine.ComputeCoefficients({.beam = o.beam}), {{{1, 1}}});
  EXPECT_GT(std::fabs(a[0][0] / b[0][0] - 1), 0.05);
}

}  // namespace
}  // namespace ronchi::sim
