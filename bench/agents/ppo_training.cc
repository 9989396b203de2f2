// Environment steps a second of PPO training, learning included, where the environment itself costs
// next to nothing: three knobs, and an image of so many pixels along an edge (0: numbers alone).
#include <benchmark/benchmark.h>

#include "agents/rl/ppo.h"
#include "core/progress.h"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

void BM_PpoTraining(benchmark::State& state) {
  Progress::SetStyle(Progress::Style::kOff);
  const ToyOptions toy = {.image_pixels = size_t(state.range(0))};
  const PpoOptions options = {.total_steps = 4096};
  for (auto _ : state) {
    auto trained = MakePpoLearner(options)->Train(ToyFactory(toy), 1);
    if (!trained.ok()) state.SkipWithError(trained.status().ToString().c_str());
  }
  state.SetItemsProcessed(state.iterations() * options.total_steps);
}
BENCHMARK(BM_PpoTraining)
    ->ArgName("pixels")
    ->Arg(0)
    ->Arg(16)
    ->Arg(64)
    ->Unit(benchmark::kMillisecond);

// One decision of the trained policy.
void BM_PpoAct(benchmark::State& state) {
  Progress::SetStyle(Progress::Style::kOff);
  const ToyOptions toy = {.image_pixels = size_t(state.range(0))};
  auto trained = MakePpoLearner({.total_steps = 512})->Train(ToyFactory(toy), 1);
  ToyEnvironment environment(toy, 0);
  const env::Observation observation = environment.Reset(1)->observation;
  for (auto _ : state) benchmark::DoNotOptimize(trained->policy->Act(observation));
}
BENCHMARK(BM_PpoAct)->ArgName("pixels")->Arg(0)->Arg(64)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ronchi::agents

BENCHMARK_MAIN();
