// DriftLock-v1: steps a second, and what simple ways to act reach at every level, one thread.
//   bench_env_drift_lock --benchmark_filter=Baseline
// gives returns (mean ± standard error of 40 episodes) and the true rms distance of the site, pm,
// over the steps after the tenth.
#include "env/drift_lock.h"

#include <benchmark/benchmark.h>

#include "bench/env/steps.h"
#include "core/parallel.h"
#include "experiments/catalog/environments.h"
#include "hw/instrument/ground_truth.h"
#include "tests/support/agent.h"

namespace ronchi {
namespace {

namespace ts = testing_support;

std::unique_ptr<env::Environment> Make(int level, const char* reward) {
  SetThreads(1);
  return *MakeEnvironment("DriftLock-v1",
                          "{task: {level: " + std::to_string(level) + ", reward: " + reward + "}}");
}

void BM_DriftLock(benchmark::State& state) {
  const auto task = Make(int(state.range(0)), "image");
  const std::vector<float> action = {0.01f, -0.01f};
  CountSteps(state, task.get(), [&] { return std::span<const float>(action); });
}
BENCHMARK(BM_DriftLock)->DenseRange(1, 3);

void BM_Baseline(benchmark::State& state) {
  const auto task = Make(int(state.range(0)), "truth");
  const char* names[] = {"hold", "random", "follow", "predict"};
  const ts::Actor actors[] = {ts::Agent(task->spec(), "hold"), ts::Agent(task->spec(), "random"),
                              ts::Agent(task->spec(), "follow"),
                              ts::Agent(task->spec(), "predict")};
  double squares = 0, largest = 0;
  int n = 0, slipped = 0;
  std::vector<double> returns;
  for (auto _ : state) {
    returns = ts::Returns(task.get(), actors[state.range(1)], 40, 1,
                          [&](uint64_t, int step, const env::StepResult& r) {
                            if (step < 10) return;
                            const double distance_pm = r.info.at("distance_pm");
                            squares += distance_pm * distance_pm;
                            largest = std::max(largest, distance_pm);
                            slipped += r.truncated && distance_pm > 195;
                            ++n;
                          });
  }
  const ts::Figure f = ts::FigureOf(returns);
  state.counters["return"] = f.mean;
  state.counters["return_se"] = f.error;
  state.counters["rms_pm"] = std::sqrt(squares / n);
  state.counters["slipped_of_40"] = slipped;
  state.SetLabel(names[state.range(1)]);
}
BENCHMARK(BM_Baseline)
    ->ArgsProduct({{1, 2, 3}, {0, 1, 2, 3}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
