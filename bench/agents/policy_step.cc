// One decision of a PPO policy for one episode, 2 × 64 units, with its memory, normalisation and
// scaling to the task's unit: the median and the 99th percentile of single calls. "torch" 1 asks
// for libtorch's networks in place of our own.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "agents/rl/ppo.h"
#include "core/progress.h"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

void BM_PolicyStep(benchmark::State& state) {
  Progress::SetStyle(Progress::Style::kOff);
  UseNetworkBackend(state.range(0) ? &TorchNetworks() : nullptr);
  const ToyOptions toy = {.image_pixels = 0};
  const auto trained =
      MakePpoLearner({.total_steps = 512, .hidden = 64})->Train(ToyFactory(toy), 1);
  if (!trained.ok()) return state.SkipWithError(trained.status().ToString().c_str());
  ToyEnvironment environment(toy, 0);
  const env::Observation observation = environment.Reset(1)->observation;
  using Clock = std::chrono::steady_clock;
  std::vector<double> times_us;
  for (auto _ : state) {
    const auto begin = Clock::now();
    benchmark::DoNotOptimize(trained->policy->Act(observation));
    times_us.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::sort(times_us.begin(), times_us.end());
  state.counters["p50_us"] = times_us[times_us.size() / 2];
  state.counters["p99_us"] = times_us[times_us.size() * 99 / 100];
}
BENCHMARK(BM_PolicyStep)->ArgName("torch")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

// Training, learning included, for steps of an environment that costs next to nothing.
void BM_TrainingOnNumbers(benchmark::State& state) {
  Progress::SetStyle(Progress::Style::kOff);
  UseNetworkBackend(state.range(0) ? &TorchNetworks() : nullptr);
  const PpoOptions options = {.total_steps = 8192};
  for (auto _ : state) {
    auto trained = MakePpoLearner(options)->Train(ToyFactory({.image_pixels = 0}), 1);
    if (!trained.ok()) state.SkipWithError(trained.status().ToString().c_str());
  }
}
BENCHMARK(BM_TrainingOnNumbers)->ArgName("torch")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ronchi::agents

BENCHMARK_MAIN();
