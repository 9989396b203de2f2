// ZoneAxisTilt-v1: steps a second, and what simple ways to act reach at every level, one thread.
//   bench_env_zone_axis_tilt --benchmark_filter=Baseline
// gives returns (mean ± standard error of ten episodes) with the true reward, and the true angle
// from the zone axis over the last five steps, mrad.
#include "env/zone_axis_tilt.h"

#include <benchmark/benchmark.h>

#include "absl/strings/str_cat.h"
#include "agents/bayes/gp_policy.h"
#include "agents/classical/nelder_mead_policy.h"
#include "core/parallel.h"
#include "experiments/catalog/environments.h"
#include "tests/support/zone_axis.h"

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
  std::vector<float> observation(task->spec().observation_size());
  RONCHI_CHECK(task->ResetInto(1, {}, observation).ok());
  std::vector<float> action = {1, -1};
  for (auto _ : state) {
    for (float& a : action) a = -a;
    const auto outcome = task->StepInto(action, observation);
    RONCHI_CHECK(outcome.ok());
    if (outcome->truncated) RONCHI_CHECK(task->ResetInto(std::nullopt, {}, observation).ok());
  }
  state.counters["steps_per_s"] =
      benchmark::Counter(double(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_ZoneAxisTilt)->DenseRange(1, 3);

void BM_Baseline(benchmark::State& state) {
  const auto task = Make(int(state.range(0)), "truth");
  const env::Spec& spec = task->spec();
  const agents::KnobTaskOptions knobs{.value_key = "centredness"};
  const char* names[] = {"hold", "random", "nelder_mead", "gp", "centre"};
  const ts::Actor actors[] = {ts::Holding(spec), ts::Random(spec),
                              ts::Of(*agents::NelderMeadPolicy::Create(
                                  spec.observation_space, spec.action_space, {.task = knobs})),
                              ts::Of(std::shared_ptr<agents::Policy>(*agents::GpPolicy::Create(
                                  spec.observation_space, spec.action_space,
                                  {.task = knobs, .n_initial = 8, .budget = 22}))),
                              ts::Centring(spec)};
  std::vector<double> ends, returns;
  const auto watch = [&](uint64_t, int step, const env::StepResult& r) {
    if (step + 5 < spec.max_episode_steps) return;
    if (step + 5 == spec.max_episode_steps) ends.push_back(0);
    ends.back() += r.info.at("tilt_mrad") / 5;
  };
  for (auto _ : state) {
    returns = ts::Returns(task.get(), actors[state.range(1)], 10, 1, watch);
  }
  const ts::Figure total = ts::FigureOf(returns), end = ts::FigureOf(ends);
  state.counters["return"] = total.mean;
  state.counters["return_se"] = total.error;
  state.counters["tilt_mrad"] = end.mean;
  state.counters["tilt_mrad_se"] = end.error;
  state.SetLabel(names[state.range(1)]);
}
BENCHMARK(BM_Baseline)
    ->ArgsProduct({{1, 2, 3}, {0, 1, 2, 3, 4}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
