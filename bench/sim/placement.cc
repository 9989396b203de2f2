// How images converge with the grid, by placement of atoms (0 exact, 1 bilinear): SrTiO3 of 39 Å
// with displaced atoms in a box of 15.6 Å, mean over probes on Sr, on Ti–O, between them and off
// them all. W1's sampling at 512² is that of 256² here. Counters are the fractions of electrons on
// each ring.
#include <benchmark/benchmark.h>

#include "sim/detector.h"
#include "sim/multislice.h"
#include "sim/potential.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

void BM_Convergence(benchmark::State& state) {
  const size_t n = size_t(state.range(0));
  const Specimen s = ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")
                         ->Repeated(4, 4, 10)
                         .Displaced({{38, 0.08}, {22, 0.07}, {8, 0.09}}, 0, 0);
  const Grid grid{n, n, s.cell_A[0], s.cell_A[1]};
  const auto factors = *ScatteringFactors::Load("kirkland");
  const BeamOptics optics;
  const Multislice engine(
      *MakePotential(s, grid, 1.9525, *factors, {.placement = Placement(state.range(1))}),
      optics.energy_eV, {0, 0}, {.waves = Fft::Effort::kEstimate});
  // Every grid here reaches 68 mrad; those from 192² on, 100.
  const std::pair<double, double> rings[] = {
      {0, 0.012}, {0.012, 0.024}, {0.04, 0.066}, {0.06, 0.1}};
  const char* names[] = {"bf", "abf", "ring40_66", "haadf60_100"};
  const size_t exits[] = {engine.slices()};
  Multislice::Workspace w = engine.MakeWorkspace();
  for (auto _ : state) {
    for (size_t r = 0; r < 4; ++r) {
      const auto ring = Detector::Create(
          {.name = names[r], .inner_rad = rings[r].first, .outer_rad = rings[r].second}, grid,
          optics.energy_eV, optics.semiangle_rad);
      double sum = 0;
      for (const auto& [x, y] : {std::pair(0.0, 0.0), {1.95, 1.95}, {0.98, 0.98}, {0.7, 2.1}}) {
        engine.Run(
            *MakeProbe(grid, optics), x, y, exits,
            [&](size_t) {
              if (ring.ok()) ring->Accumulate(w.intensity(), 0.25, {&sum, 1});
            },
            &w);
      }
      state.counters[names[r]] = sum;
    }
  }
}
BENCHMARK(BM_Convergence)
    ->ArgNames({"pixels", "placement"})
    ->ArgsProduct({{128, 192, 256, 384, 512}, {0, 1}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ronchi::sim

BENCHMARK_MAIN();
