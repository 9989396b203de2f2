// What preparing multislice costs: the potential's slices and their transmission functions, for
// configurations of displaced atoms, in CPU seconds of all threads. `placement`: 0 exact, 1
// bilinear.
#include "sim/potential.h"

#include <benchmark/benchmark.h>

#include "core/parallel.h"
#include "sim/multislice.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

Specimen W1() {
  return ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(8, 8, 20);
}

void BM_Preparation(benchmark::State& state) {
  SetThreads(1);
  const size_t n = size_t(state.range(0));
  const Specimen s = W1();
  const auto factors = *ScatteringFactors::Load("kirkland");
  const Grid grid{n, n, s.cell_A[0], s.cell_A[1]};
  const std::map<int, double> rms_A = {{38, 0.08}, {22, 0.07}, {8, 0.09}};
  const auto prepare = [&](int configurations) {
    PotentialMaker maker(grid, 1.9525, factors, {.placement = Placement(state.range(1))});
    for (int c = 0; c < configurations; ++c) {
      const Multislice engine(*maker.Make(s.Displaced(rms_A, 0, uint64_t(c))), 200e3, {0, 0});
      benchmark::DoNotOptimize(engine.slices());
    }
  };
  prepare(1);  // plans
  for (auto _ : state) prepare(4);
}
BENCHMARK(BM_Preparation)
    ->ArgNames({"pixels", "placement"})
    ->ArgsProduct({{512}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace ronchi::sim

BENCHMARK_MAIN();
