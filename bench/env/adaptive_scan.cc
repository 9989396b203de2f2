// Steps a second of AdaptiveScan-v0 over the map twin, one thread, resets with their new truth in
// it; and of resets alone.
#include "env/adaptive_scan.h"

#include <benchmark/benchmark.h>

#include "bench/env/steps.h"
#include "core/random.h"
#include "hw/twin/particles/particles_twin.h"

namespace ronchi {
namespace {

struct World {
  explicit World(int pixels)
      : twin(*hw::MakeMapTwin(
            *hw::ReadMapTwinOptions(*Config::Parse("preset: plasmonic_particles", "bench.yaml")),
            1)) {
    env::AdaptiveScanOptions options;
    options.pixels = pixels;
    options.budget = 0.1;
    options.white_counts = 300;
    task = *env::AdaptiveScan::Create(twin.get(), options);
    observation.resize(task->spec().observation_size());
    RONCHI_CHECK(task->ResetInto(1, {}, observation).ok());
  }
  std::unique_ptr<hw::Instrument> twin;
  std::unique_ptr<env::AdaptiveScan> task;
  std::vector<float> observation;
};

void BM_AdaptiveScanStep(benchmark::State& state) {
  World w(int(state.range(0)));
  RandomStream random({.seed = 1, .name = "bench.env"});
  CountSteps(state, w.task.get(), [&] {
    return std::array<float, 2>{float(random.Uniform(-1, 1)), float(random.Uniform(-1, 1))};
  });
}
BENCHMARK(BM_AdaptiveScanStep)->Arg(32)->Arg(64)->Arg(128);

void BM_AdaptiveScanReset(benchmark::State& state) {
  World w(int(state.range(0)));
  for (auto _ : state) RONCHI_CHECK(w.task->ResetInto(std::nullopt, {}, w.observation).ok());
}
BENCHMARK(BM_AdaptiveScanReset)->Arg(32)->Arg(64)->Arg(128);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
