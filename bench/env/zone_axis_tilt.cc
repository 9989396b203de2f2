// ZoneAxisTilt-v1: steps a second, and what simple ways to act reach at every level, one thread.
//   bench_env_zone_axis_tilt --benchmark_filter=Baseline
// gives returns (mean ± standard error of ten episodes) with the true reward, and the true angle
// from the zone axis over the last five steps, mrad.
#include "env/zone_axis_tilt.h"

#include <benchmark/benchmark.h>

#include "absl/strings/str_cat.h"
#include "agents/bayes/gp_policy.h"
#include "agents/classical/nelder_mead_policy.h"
#include "bench/env/steps.h"
#include "core/parallel.h"
#include "experiments/catalog/environments.h"
#include "tests/support/agent.h"

namespace ronchi {
namespace {

namespace ts = testing_support;

std::unique_ptr<env::Environment> Make(int level, const char* reward) {
  SetThreads(1);
  return *MakeEnvironment("ZoneAxisTilt-v1",
                          absl::StrCat("{task: {level: ", level, ", reward: ", reward, "}}"));
}

void BM_ZoneAxisTilt(benchmark::State& state) {
  const auto task = Make(int(state.range(0)), "image");
  std::vector<float> action = {1, -1};
  CountSteps(state, task.get(), [&] {
    for (float& a : action) a = -a;
    return action;
  });
}
BENCHMARK(BM_ZoneAxisTilt)->DenseRange(1, 3);

void BM_Baseline(benchmark::State& state) {
  const auto task = Make(int(state.range(0)), "truth");
  const env::Spec& spec = task->spec();
  const agents::KnobTaskOptions knobs{.value_key = "centredness"};
  const char* names[] = {"hold", "random", "nelder_mead", "gp", "centre"};
  const ts::Actor actors[] = {ts::Agent(spec, "hold"), ts::Agent(spec, "random"),
                              ts::Of(*agents::NelderMeadPolicy::Create(
                                  spec.observation_space, spec.action_space, {.task = knobs})),
                              ts::Of(std::shared_ptr<agents::Policy>(*agents::GpPolicy::Create(
                                  spec.observation_space, spec.action_space,
                                  {.task = knobs, .n_initial = 8, .budget = 22}))),
                              ts::Agent(spec, "centre")};
  std::vector<double> ends, returns;
  const auto watch = [&](uint64_t, int step, const env::StepResult& r) {
    if (step + 5 < spec.max_episode_steps) return;
    if (step + 5 == spec.max_episode_steps) ends.push_back(0);
    ends.back() += r.info.at("tilt_mrad") / 5;
  };
  for (auto _ : state) {
    returns = ts::Returns(task.get(), actors[state.range(1)], 10, 1, watch);
  }
  ShowFigures(state, {{"return", returns}, {"tilt_mrad", ends}});
  state.SetLabel(names[state.range(1)]);
}
BENCHMARK(BM_Baseline)
    ->ArgsProduct({{1, 2, 3}, {0, 1, 2, 3, 4}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
