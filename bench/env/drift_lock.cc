// DriftLock-v1: steps a second, and what simple ways to act reach at every level, one thread.
//   bench_env_drift_lock --benchmark_filter=Baseline
// gives returns (mean ± standard error of 40 episodes) and the true rms distance of the site, pm,
// over the steps after the tenth.
#include "env/drift_lock.h"

#include <benchmark/benchmark.h>

#include "core/parallel.h"
#include "experiments/catalog/environments.h"
#include "hw/ground_truth.h"
#include "tests/support/drift_tracker.h"

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
  std::vector<float> observation(task->spec().observation_size());
  const std::vector<float> action = {0.01f, -0.01f};
  RONCHI_CHECK(task->ResetInto(1, {}, observation).ok());
  for (auto _ : state) {
    const auto outcome = task->StepInto(action, observation);
    RONCHI_CHECK(outcome.ok());
    if (outcome->truncated) RONCHI_CHECK(task->ResetInto(std::nullopt, {}, observation).ok());
  }
  state.counters["steps_per_s"] =
      benchmark::Counter(double(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_DriftLock)->DenseRange(1, 3);

void BM_Baseline(benchmark::State& state) {
  const auto task = Make(int(state.range(0)), "truth");
  const char* names[] = {"hold", "random", "follow", "predict"};
  const ts::Actor actors[] = {ts::Holding(task->spec()), ts::Random(task->spec()),
                              ts::Following(task->spec()), ts::Predicting(task->spec())};
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
