// Steps a second of AberrationTuning-v1 on the twin, one thread: a step sets the coefficients and
// scans two frames of n × n pixels. On the contracted engine these are exact multislice images.
//   bench_env_aberration_tuning --benchmark_filter=Baseline
// gives what simple ways to act reach at every level: returns (mean ± standard error of the
// episodes), and the noise-free contrast over the last five steps as a share of the best that C10
// and C12 reach with all other knobs corrected.
#include "env/aberration_tuning.h"

#include <benchmark/benchmark.h>

#include "absl/strings/str_cat.h"
#include "agents/bayes/gp_policy.h"
#include "agents/classical/nelder_mead_policy.h"
#include "bench/env/steps.h"
#include "core/parallel.h"
#include "core/random.h"
#include "experiments/catalog/environments.h"
#include "experiments/catalog/instruments.h"
#include "hw/instrument/ground_truth.h"
#include "hw/twin/column/column_twin.h"
#include "tests/support/agent.h"
#include "tests/support/knowing.h"

namespace ronchi {
namespace {

namespace ts = testing_support;

void BM_AberrationTuning(benchmark::State& state) {
  SetThreads(1);
  const Config config = *Config::Parse(
      state.range(1) ? "{preset: corrected_200kV, engine: linear}" : "preset: corrected_200kV",
      "bench.yaml");
  const auto twin = *hw::MakeTwin(*hw::ReadTwinOptions(config), 1);
  env::AberrationTuningOptions options;
  options.pixels = int(state.range(0));
  const auto task = *env::AberrationTuning::Create(twin.get(), options);
  RandomStream random({.seed = 1, .name = "bench.env"});
  RONCHI_CHECK(task->Reset(1).ok());
  int step = 0;
  for (auto _ : state) {
    if (++step == options.max_episode_steps) {
      RONCHI_CHECK(task->Reset(std::nullopt).ok());
      step = 1;
    }
    const std::array<float, 3> action = {float(random.Uniform(-1, 1)), float(random.Uniform(-1, 1)),
                                         float(random.Uniform(-1, 1))};
    const auto result = task->Step(action);
    RONCHI_CHECK(result.ok());
    benchmark::DoNotOptimize(result->reward);
  }
  state.counters["steps_per_s"] =
      benchmark::Counter(double(state.iterations()), benchmark::Counter::kIsRate);
  state.SetLabel(state.range(1) ? "linear" : "contracted");
}
BENCHMARK(BM_AberrationTuning)->ArgsProduct({{32, 64, 128}, {0, 1}})->MinTime(2);

// At a level, on its own instrument.
struct World {
  World(int level, bool truth) {
    SetThreads(1);
    instrument = *OpenInstrument(*LevelInstrument("AberrationTuning-v1", level), 0);
    env::AberrationTuningOptions options;
    const Config task = *Config::Parse(absl::StrCat("level: ", level), "bench");
    RONCHI_CHECK(env::ReadAberrationTuningOptions(task, &options).ok());
    options.dark_counts = instrument->description().FindDetector("haadf")->dark_counts;
    options.reward_truth = truth;
    environment = *env::AberrationTuning::Create(instrument.get(), options);
  }
  std::unique_ptr<hw::Instrument> instrument;
  std::unique_ptr<env::AberrationTuning> environment;
};

void BM_Level(benchmark::State& state) {
  World w(int(state.range(0)), state.range(1));
  const auto actor = ts::Agent(w.environment->spec(), "random");
  CountSteps(state, w.environment.get(), [&] { return actor.act({}); });
  state.SetLabel(state.range(1) ? "truth" : "image");
}
BENCHMARK(BM_Level)->ArgsProduct({{1, 2, 3}, {0, 1}})->MinTime(2);

void BM_Baseline(benchmark::State& state) {
  World w(int(state.range(0)), false);
  const env::Spec& spec = w.environment->spec();
  const size_t steps = size_t(spec.max_episode_steps), knobs = spec.action_space.size();
  const char* names[] = {"hold", "random", "nelder_mead", "gp", "knows"};
  const ts::Actor actors[] = {
      ts::Agent(spec, "hold"), ts::Agent(spec, "random"),
      ts::Of(*agents::NelderMeadPolicy::Create(spec.observation_space, spec.action_space)),
      ts::Of(std::shared_ptr<agents::Policy>(
          *agents::GpPolicy::Create(spec.observation_space, spec.action_space,
                                    {.n_initial = 4 * knobs, .budget = steps * 2 / 3}))),
      ts::Knowing(spec, w.instrument.get())};
  const int episodes = knobs == 3 ? 20 : 10;
  std::vector<double> shares;
  const auto watch = [&](uint64_t, int step, const env::StepResult&) {
    if (step + 5 < int(steps)) return;
    if (step + 5 == int(steps)) shares.push_back(0);
    hw::GroundTruth* truth = w.instrument->ground_truth();
    shares.back() += truth->Figure("contrast").value() / truth->Figure("best_contrast").value() / 5;
  };
  std::vector<double> returns;
  for (auto _ : state) {
    returns = ts::Returns(w.environment.get(), actors[state.range(1)], episodes, 1, watch);
  }
  ShowFigures(state, {{"return", returns}, {"of_best", shares}});
  state.SetLabel(names[state.range(1)]);
}
BENCHMARK(BM_Baseline)
    ->ArgsProduct({{1, 2, 3}, {0, 1, 2, 3, 4}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
