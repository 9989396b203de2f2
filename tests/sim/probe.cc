// A tilted beam: the whole cone moves on the detector, and it sees a tilted specimen.
#include "sim/probe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/random.h"
#include "sim/multislice.h"
#include "sim/physics/electron.h"
#include "sim/physics/scattering_factors.h"
#include "sim/potential.h"
#include "sim/simulate_config.h"
#include "tests/sim/energy.h"

namespace ronchi::sim {
namespace {

BeamOptics Optics(std::array<double, 2> tilt_rad) {
  BeamOptics o{.energy_eV = kEnergy_eV, .semiangle_rad = 0.012, .tilt_rad = tilt_rad};
  o.aberrations.SetPolar(kC10, 60, 0);
  o.aberrations.SetPolar(kC21, 900, 0.4);
  return o;
}

// By whole pixels of the diffraction plane: every beam is one of the upright cone's, moved. 1e-5:
// single precision, and angles that differ in their last digits at the soft rim.
TEST(BeamTilt, MovesTheConeAndItsAberrations) {
  const Grid g{96, 90, 14, 15};
  const double step_x = Wavelength_A(kEnergy_eV) / g.lx_A,
               step_y = Wavelength_A(kEnergy_eV) / g.ly_A;
  const auto upright = *MakeProbe(g, Optics({0, 0}));
  const auto tilted = *MakeProbe(g, Optics({5 * step_x, -3 * step_y}));
  std::map<std::pair<size_t, size_t>, std::complex<float>> moved;
  for (const auto& b : tilted.beams) moved[{b.ix, b.iy}] = b.amplitude;
  for (const auto& b : upright.beams) {
    const auto to = moved[{(b.ix + 5) % g.nx, (b.iy + g.ny - 3) % g.ny}];
    EXPECT_LT(std::abs(to - b.amplitude), 1e-5) << b.ix << ", " << b.iy;
  }
}

TEST(BeamTilt, CountsTowardsTheBandLimit) {
  const Grid g{96, 90, 14, 15};
  const double limit = g.band_limit_per_A() * Wavelength_A(kEnergy_eV);
  EXPECT_TRUE(MakeProbe(g, Optics({0.6 * (limit - 0.0121), 0.8 * (limit - 0.0121)})).ok());
  const auto far = MakeProbe(g, Optics({0.6 * limit, 0.8 * limit}));
  ASSERT_TRUE(absl::IsInvalidArgument(far.status()));
  EXPECT_NE(far.status().message().find("tilt"), std::string::npos) << far.status();
}

// exp(−iπλΔz (k + t)²) = exp(−iπλΔz k²) exp(−2πiλΔz k·t) · a constant: leaning the beam by λt is
// leaning the specimen's layers by −λt, with the pattern moved by t. Exact but for the band limit,
// which stays with the detector: what lies within t of it differs, and couples back weakly.
TEST(BeamTilt, IsTheSpecimensTiltTheOtherWay) {
  Specimen s;
  s.cell_A = {14, 15, 40};
  RandomStream random({.seed = 3, .name = "test.atoms"});
  for (int i = 0; i < 40; ++i) {
    s.atoms.push_back(
        {i % 2 ? 8 : 22, random.Uniform(0, 14), random.Uniform(0, 15), random.Uniform(0, 40), 1});
  }
  const Grid g{160, 162, 14, 15};
  const auto factors = *ScatteringFactors::Load("kirkland");
  const PotentialSlices slices =
      *MakePotential(s, g, 2, *factors, {.placement = Placement::kBilinear});
  const int h = 5, k = -3;
  const std::array<double, 2> tilt = {h * Wavelength_A(kEnergy_eV) / g.lx_A,
                                      k * Wavelength_A(kEnergy_eV) / g.ly_A};
  const auto pattern = [&](std::array<double, 2> beam, std::array<double, 2> specimen) {
    const Multislice engine(slices, kEnergy_eV, {std::atan(specimen[0]), std::atan(specimen[1])});
    Multislice::Workspace w = engine.MakeWorkspace();
    const size_t exits[] = {engine.slices()};
    engine.Run(
        *MakeProbe(g, Optics(beam)), 6, 7, exits, [](size_t) {}, &w);
    return std::vector<double>(w.intensity().begin(), w.intensity().end());
  };
  const auto by_beam = pattern(tilt, {0, 0}), by_specimen = pattern({0, 0}, {-tilt[0], -tilt[1]});
  const auto upright = pattern({0, 0}, {0, 0});
  double difference = 0, effect = 0, brightest = 0;
  const double half_limit = g.band_limit_per_A() / 2;
  for (size_t i = 0; i < g.nx; ++i) {
    for (size_t j = 0; j < g.ny; ++j) {
      if (std::hypot(g.kx_per_A(i), g.ky_per_A(j)) > half_limit) continue;
      const double v = by_specimen[i * g.ny + j];
      const size_t to = (i + g.nx + size_t(h)) % g.nx * g.ny + (j + g.ny - 3) % g.ny;
      difference = std::max(difference, std::fabs(by_beam[to] - v));
      effect = std::max(effect, std::fabs(upright[i * g.ny + j] - v));
      brightest = std::max(brightest, v);
    }
  }
  EXPECT_GT(effect, 0.01 * brightest);
  EXPECT_LT(difference, 1e-3 * effect);  // seen: 3e-4
}

// With f = 1 PRISM is multislice: single precision, as in tests/sim/prism.cc.
TEST(BeamTilt, PrismOfEveryBeamIsMultislice) {
  constexpr char kJob[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 4]}
beam: {energy_keV: 200, semiangle_mrad: 15, tilt_mrad: [6, -9], aberrations: {C10_A: 50}}
grid: {pixels: [96, 96], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [3, 4]}
detectors:
  adf: {type: annular, inner_mrad: 30, outer_mrad: 60}
  com: {type: center_of_mass}
  cbed: {type: pixelated, max_mrad: 60}
)";
  const auto run = [&](const std::vector<std::string>& sets) {
    return *Simulate(*ReadSimulationOptions(*Config::Parse(kJob, "job.yaml", sets)));
  };
  const auto exact = run({}), prism = run({"engine={name: prism, interpolation: 1}"});
  const auto upright = run({"beam.tilt_mrad=[0, 0]"});
  double means[2] = {0, 0};
  for (size_t d = 0; d < exact.images.size(); ++d) {
    const Array<float>&a = exact.images[d].values, &b = prism.images[d].values;
    float largest = 0;
    for (float v : a) largest = std::max(largest, std::fabs(v));
    for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 2e-5 * largest) << d;
    if (d != 1) continue;
    for (size_t i = 0; i < a.size(); ++i) {
      means[i % 2] += (a[i] - upright.images[d].values[i]) / 12;
    }
  }
  // The cone's middle on the detector: its tilt, as far as the crystal lets it be seen.
  EXPECT_NEAR(means[0], 6, 2);
  EXPECT_NEAR(means[1], -9, 2);
}

}  // namespace
}  // namespace ronchi::sim
