// Processor seconds of SAC's training on Pendulum-v1: so many units a layer, transitions an update,
// and environment steps, an update each.
#include <benchmark/benchmark.h>

#include "agents/rl/sac.h"
#include "agents/rl/sac_update.h"
#include "core/progress.h"
#include "tests/support/classic_tasks.h"

namespace ronchi::agents {
namespace {

void BM_SacTraining(benchmark::State& state) {
  Progress::SetStyle(Progress::Style::kOff);
  const SacOptions options = {.total_steps = state.range(2),
                              .random_steps = 100,
                              .batch = size_t(state.range(1)),
                              .hidden = size_t(state.range(0)),
                              .learning_rate = 1e-3};
  for (auto _ : state) {
    auto trained = MakeSacLearner(options)->Train(
        testing_support::ClassicFactory<testing_support::PendulumTask>(), 1);
    if (!trained.ok()) state.SkipWithError(trained.status().ToString().c_str());
  }
  state.SetItemsProcessed(state.iterations() * options.total_steps);
}
BENCHMARK(BM_SacTraining)
    ->ArgNames({"hidden", "batch", "steps"})
    ->Args({64, 100, 10000})
    ->Args({256, 256, 2000})
    ->Unit(benchmark::kMillisecond);

// One update.
void BM_SacUpdate(benchmark::State& state) {
  const SacShape shape = {.row_size = 7,
                          .action_size = 1,
                          .hidden = {size_t(state.range(0)), size_t(state.range(0))},
                          .batch = size_t(state.range(1))};
  SacUpdate update(shape, {}, 1);
  ReplayBatch batch(shape.batch, shape.row_size, shape.action_size);
  RandomStream noise({.seed = 1, .name = "bench.sac"});
  for (float& x : batch.rows) x = float(noise.Normal());
  for (float& x : batch.actions) x = float(noise.Uniform(-1, 1));
  for (auto _ : state) update.Step(batch, noise);
}
BENCHMARK(BM_SacUpdate)
    ->ArgNames({"hidden", "batch"})
    ->Args({64, 100})
    ->Args({256, 256})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ronchi::agents

BENCHMARK_MAIN();
