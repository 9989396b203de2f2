// A film of amorphous carbon by the number of its atoms.
#include "sim/specimen/carbon_network.h"

#include <benchmark/benchmark.h>

#include <cmath>

namespace ronchi::sim {
namespace {

void BM_CarbonNetwork(benchmark::State& state) {
  constexpr double kAtomsPerA3 = 0.1003;  // 2 g/cm³
  const double side = std::sqrt(double(state.range(0)) / kAtomsPerA3 / 50);
  for (auto _ : state) {
    benchmark::DoNotOptimize(MakeCarbonNetwork({.box_A = {side, side, 50},
                                                .atoms = size_t(state.range(0)),
                                                .fourfold_share = FourfoldShare(2)}));
  }
}
BENCHMARK(BM_CarbonNetwork)->Arg(1000)->Arg(5000)->Arg(20000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ronchi::sim

BENCHMARK_MAIN();
