// RonchigramTuning-v1: steps a second, and what simple ways to act reach at every level, one
// thread.
//   bench_env_ronchigram_tuning --benchmark_filter=Baseline
// gives returns (mean ± standard error of six episodes) with the image's reward, and the true flat
// angle over the last five steps, mrad.
#include "env/ronchigram_tuning.h"

#include <benchmark/benchmark.h>

#include <numbers>

#include "absl/strings/str_cat.h"
#include "agents/bayes/gp_policy.h"
#include "agents/classical/nelder_mead_policy.h"
#include "bench/env/steps.h"
#include "core/parallel.h"
#include "experiments/catalog/environments.h"
#include "experiments/catalog/instruments.h"
#include "hw/twin/column/twin_options.h"
#include "tests/support/agent.h"
#include "tests/support/knowing.h"
#include "theory/laws/phase_error.h"

namespace ronchi {
namespace {

namespace ts = testing_support;

// At a level, on its own instrument.
struct World {
  explicit World(int level, bool truth = false) {
    SetThreads(1);
    const Config level_config = *LevelInstrument("RonchigramTuning-v1", level);
    instrument = *OpenInstrument(level_config, 0);
    energy_eV = hw::ReadTwinOptions(level_config)->energy_eV;
    const Config task = *Config::Parse(absl::StrCat("level: ", level), "bench");
    RONCHI_CHECK(env::ReadRonchigramTuningOptions(task, &options).ok());
    options.reward_truth = truth;
    environment = *env::RonchigramTuning::Create(instrument.get(), options);
  }
  double Flat_mrad() const {
    return 1e3 * theory::FlatAngle_rad(instrument->ground_truth()->Hidden(),
                                       {energy_eV, options.disc_rad}, std::numbers::pi / 4);
  }
  double energy_eV = 0;
  env::RonchigramTuningOptions options;
  std::unique_ptr<hw::Instrument> instrument;
  std::unique_ptr<env::RonchigramTuning> environment;
};

void BM_RonchigramTuning(benchmark::State& state) {
  World w(int(state.range(0)), state.range(1));
  const auto actor = ts::Agent(w.environment->spec(), "random");
  CountSteps(state, w.environment.get(), [&] { return actor.act({}); });
  state.SetLabel(state.range(1) ? "truth" : "image");
}
BENCHMARK(BM_RonchigramTuning)->ArgsProduct({{1, 2, 3}, {0, 1}});

void BM_Baseline(benchmark::State& state) {
  World w(int(state.range(0)));
  const env::Spec& spec = w.environment->spec();
  const size_t steps = size_t(spec.max_episode_steps), knobs = spec.action_space.size();
  const agents::KnobTaskOptions task{.value_key = "flatness"};
  const char* names[] = {"hold", "random", "nelder_mead", "gp", "knows"};
  const ts::Actor actors[] = {
      ts::Agent(spec, "hold"), ts::Agent(spec, "random"),
      ts::Of(*agents::NelderMeadPolicy::Create(spec.observation_space, spec.action_space,
                                               {.task = task})),
      ts::Of(std::shared_ptr<agents::Policy>(*agents::GpPolicy::Create(
          spec.observation_space, spec.action_space,
          {.task = task, .n_initial = 4 * knobs, .budget = steps * 2 / 3}))),
      ts::Knowing(spec, w.instrument.get())};
  std::vector<double> flat, returns;
  const auto watch = [&](uint64_t, int step, const env::StepResult&) {
    if (step + 5 < int(steps)) return;
    if (step + 5 == int(steps)) flat.push_back(0);
    flat.back() += w.Flat_mrad() / 5;
  };
  for (auto _ : state) {
    returns = ts::Returns(w.environment.get(), actors[state.range(1)], 6, 1, watch);
  }
  ShowFigures(state, {{"return", returns}, {"flat_mrad", flat}});
  state.SetLabel(names[state.range(1)]);
}
BENCHMARK(BM_Baseline)
    ->ArgsProduct({{1, 2, 3}, {0, 1, 2, 3, 4}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
