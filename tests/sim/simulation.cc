// A job is a function of its config: not of how the scan is cut into blocks, nor of threads.
#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/parallel.h"
#include "sim/coherence.h"
#include "sim/linear.h"
#include "sim/physics/scattering_factors.h"
#include "sim/simulate_config.h"

namespace ronchi::sim {
namespace {

constexpr char kJob[] = R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [2, 2, 2]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [64, 64], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [11, 5]}
detectors:
  adf: {type: annular, inner_mrad: 30, outer_mrad: 60}
  quad: {type: segmented, inner_mrad: 8, outer_mrad: 30}
  cbed: {type: pixelated, max_mrad: 50, binning: 2, mtf_nyquist: 0.4}
  com: {type: center_of_mass}
  dpc: {type: dpc, inner_mrad: 5, outer_mrad: 30}
  icom: {type: idpc}
  idpc: {type: idpc, inner_mrad: 5, outer_mrad: 30}
dose: {electrons_per_A2: 1e5, seed: 3}
)";

SimulationOptions Job(const std::vector<std::string>& sets) {
  const auto o = ReadSimulationOptions(*Config::Parse(kJob, "job.yaml", sets));
  RONCHI_CHECK(o.ok());
  return *o;
}

class Blocks : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(Blocks, DoNotShowInTheBytes) {
  SimulationOptions o = Job(GetParam());
  SetThreads(2);
  ASSERT_EQ(PlanSimulation(o)->blocks.size(), 1u);
  const CompleteSimulation whole = *Simulate(o);
  // A few rows, a part of a row, one probe.
  for (const size_t bytes : {size_t(60000), size_t(8000), size_t(1)}) {
    o.block_bytes = o.phonons ? bytes / 8 : bytes;
    if (bytes == 1 || o.engine == ReferenceEngine()) {  // PRISM keeps to eight rows
      EXPECT_GT(PlanSimulation(o)->blocks.size(), 1u) << bytes;
    }
    for (int threads : bytes == 1 ? std::vector{2} : std::vector{1, 2}) {
      SetThreads(threads);
      const CompleteSimulation cut = *Simulate(o);
      for (size_t d = 0; d < whole.images.size(); ++d) {
        EXPECT_EQ(whole.images[d].values, cut.images[d].values)
            << o.detectors[d].name << ", " << bytes << " bytes, " << threads << " threads";
        for (float v : cut.images[d].values) ASSERT_TRUE(std::isfinite(v));
      }
    }
  }
  SetThreads(0);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Blocks,
    testing::Values(
        std::vector<std::string>{}, std::vector<std::string>{"exit_planes=every 1"},
        std::vector<std::string>{"phonons={configurations: 2, rms_A: {Sr: 0.08, O: 0.1}}"},
        std::vector<std::string>{"engine={name: prism, interpolation: 2}", "scan.pixels=[19, 5]"},
        std::vector<std::string>{"engine={name: prism, interpolation: 4}", "scan.pixels=[17, 3]",
                                 "phonons={configurations: 2, rms_A: {Sr: 0.08}}",
                                 "beam.focal_spread_A=20"}));

// Sinks get each block's values in order, once.
TEST(Simulation, GivesTheSinkEveryProbeOnceAndInOrder) {
  SimulationOptions o = Job({"exit_planes=every 2"});
  o.block_bytes = 60000;
  const SimulationPlan plan = *PlanSimulation(o);
  const size_t exits = o.exit_slices.size();
  std::vector<size_t> next(exits * plan.detectors.size(), 0);
  const auto sink = [&](size_t d, size_t exit, size_t first, std::span<const float> values) {
    size_t n = 1;
    for (size_t s : plan.detectors[d].shape()) n *= s;
    EXPECT_EQ(next[d * exits + exit], first);
    next[d * exits + exit] += values.size() / n;
    return absl::OkStatus();
  };
  ASSERT_TRUE(Simulate(o, plan, sink).ok());
  for (size_t count : next) EXPECT_EQ(count, o.scan.probes());
}

TEST(Simulation, ASinksErrorEndsIt) {
  const SimulationOptions o = Job({});
  const auto r = Simulate(o, *PlanSimulation(o), [](auto...) { return absl::DataLossError("x"); });
  EXPECT_TRUE(absl::IsDataLoss(r.status()));
}

// A state that names block 1, not begun: the rest comes out as ever, and nothing before it.
TEST(Simulation, GoesOnFromTheBlockOfAState) {
  SimulationOptions o = Job({"phonons={configurations: 3, rms_A: {Sr: 0.08, O: 0.1}}"});
  o.block_bytes = 30000 / 8;
  const SimulationPlan plan = *PlanSimulation(o);
  ASSERT_GT(plan.blocks.size(), 2u);
  const CompleteSimulation whole = *Simulate(o);
  SimulationState state{.block = 1};
  const auto [first, count] = plan.blocks[1];
  for (const Detector& d : plan.detectors) state.sums.emplace_back(count * d.size(), 0.0);
  state.configurations.assign(count, 0);
  for (const Detector& d : plan.detectors) {
    state.gradients.emplace_back(d.integrates() ? 2 * o.scan.probes() : 0, 0.0);
  }
  std::vector<std::vector<float>> got(plan.detectors.size());
  const auto sink = [&](size_t d, size_t, size_t at, std::span<const float> values) {
    if (plan.detectors[d].integrates()) return absl::OkStatus();
    if (got[d].empty()) {
      EXPECT_EQ(at, first);
    }
    got[d].insert(got[d].end(), values.begin(), values.end());
    return absl::OkStatus();
  };
  ASSERT_TRUE(Simulate(o, plan, sink, state).ok());
  for (size_t d = 0; d < got.size(); ++d) {
    if (plan.detectors[d].integrates()) continue;
    const Array<float>& all = whole.images[d].values;
    ASSERT_EQ(got[d].size(), all.size() / o.scan.probes() * (o.scan.probes() - first));
    EXPECT_TRUE(std::equal(got[d].begin(), got[d].end(), all.end() - int64_t(got[d].size())));
  }
}

const std::vector<std::string> kLinear = {
    "engine={name: linear}",
    "dose={}",
    "beam.source_fwhm_A=0.7",
    "beam.focal_spread_A=30",
    "beam.aberrations={C10_A: 25, C12_A: 10, phi12_deg: 20}",
    "detectors={adf: {type: annular, inner_mrad: 30, outer_mrad: 60}, "
    "high: {type: annular, inner_mrad: 45, outer_mrad: 65}}"};

// 1e-6: the output is single precision.
TEST(Simulation, LinearIsTheLinearEngine) {
  std::vector<std::string> sets = kLinear;
  sets.push_back("phonons.rms_A={Sr: 0.09}");
  const SimulationOptions o = Job(sets);
  const CompleteSimulation run = *Simulate(o);
  Specimen specimen = o.specimen;
  for (Atom& a : specimen.atoms) {
    if (a.z == 38) a.rms_A = 0.09;
  }
  const auto factors = *ScatteringFactors::Load("kirkland");
  for (const DetectorImage& image : run.images) {
    const auto engine = *LinearEngine::Create(specimen,
                                              {.energy_eV = o.beam.energy_eV,
                                               .semiangle_rad = o.beam.semiangle_rad,
                                               .inner_rad = image.detector.inner_rad,
                                               .outer_rad = image.detector.outer_rad},
                                              *factors);
    for (size_t p = 0; p < o.scan.probes(); ++p) {
      double expected = 0, value = 0;
      for (const WeightedOptics& w : SpreadFocus(o.beam, o.focal_spread_A)) {
        engine.MakeHarmonics(w.optics.aberrations, 0.7)
            .ComputeImage({{o.scan.Position(p)}, 0, 1}, {&value, 1});
        expected += w.weight * value;
      }
      ASSERT_NEAR(image.values[p], expected, 1e-6 * expected);
    }
  }
}

// A signal between two detectors leaves the first one's image in the sums of a block that counts as
// not begun.
TEST(Simulation, LinearBeginsAnUnfinishedBlockAnew) {
  const SimulationOptions o = Job(kLinear);
  const SimulationPlan plan = *PlanSimulation(o);
  const CompleteSimulation whole = *Simulate(o);
  SimulationState state;
  state.sums.assign(2, std::vector<double>(o.scan.probes(), 0.25));
  state.configurations.assign(o.scan.probes(), 0);
  state.gradients.resize(2);
  const auto sink = [&](size_t d, size_t, size_t, std::span<const float> values) {
    EXPECT_TRUE(std::equal(values.begin(), values.end(), whole.images[d].values.begin()));
    return absl::OkStatus();
  };
  ASSERT_TRUE(Simulate(o, plan, sink, state).ok());
}

}  // namespace
}  // namespace ronchi::sim
