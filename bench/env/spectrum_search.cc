// Steps a second of SpectrumSearch-v0 over the map twin, one thread, resets with their new truth in
// it; and of resets alone.
#include "env/spectrum_search.h"

#include <benchmark/benchmark.h>

#include "bench/env/steps.h"
#include "core/random.h"
#include "hw/twin/particles/particles_twin.h"

namespace ronchi {
namespace {

struct World {
  World()
      : twin(*hw::MakeMapTwin(
            *hw::ReadMapTwinOptions(*Config::Parse("preset: plasmonic_particles", "bench.yaml")),
            1)) {
    env::SpectrumSearchOptions options;
    options.white_counts = 300;
    task = *env::SpectrumSearch::Create(twin.get(), options);
    observation.resize(task->spec().observation_size());
    RONCHI_CHECK(task->ResetInto(1, {}, observation).ok());
  }
  std::unique_ptr<hw::Instrument> twin;
  std::unique_ptr<env::SpectrumSearch> task;
  std::vector<float> observation;
};

void BM_SpectrumSearchStep(benchmark::State& state) {
  World w;
  RandomStream random({.seed = 1, .name = "bench.env"});
  CountSteps(state, w.task.get(), [&] {
    return std::array<float, 2>{float(random.Uniform(-1, 1)), float(random.Uniform(-1, 1))};
  });
}
BENCHMARK(BM_SpectrumSearchStep);

void BM_SpectrumSearchReset(benchmark::State& state) {
  World w;
  for (auto _ : state) RONCHI_CHECK(w.task->ResetInto(std::nullopt, {}, w.observation).ok());
}
BENCHMARK(BM_SpectrumSearchReset);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
