// Steps a second of AberrationTuning-v0 on the twin, one thread: a step sets three coefficients and
// scans two frames of n × n pixels. On the contracted engine these are exact multislice images.
#include "env/aberration_tuning.h"

#include <benchmark/benchmark.h>

#include "core/parallel.h"
#include "core/random.h"
#include "hw/twin/twin.h"

namespace ronchi {
namespace {

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

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
