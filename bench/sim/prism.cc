// PRISM on workload W1 (512², 24 mrad, f = 4): CPU time to build a column of the scattering matrix
// against what a probe costs in multislice, and to sum one probe of an 8 × 8 tile from it; and how
// far its images are from multislice, rms/mean over 16 × 16 probes of one cell.
#include "sim/prism.h"

#include <benchmark/benchmark.h>

#include <cmath>
#include <ctime>

#include "core/parallel.h"
#include "core/progress.h"
#include "sim/detector.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

double CpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

constexpr double kEnergy_eV = 200e3;
const DetectorOptions kRings[] = {{.name = "haadf", .inner_rad = 0.060, .outer_rad = 0.100},
                                  {.name = "abf", .inner_rad = 0.012, .outer_rad = 0.024},
                                  {.name = "bf", .inner_rad = 0, .outer_rad = 0.012}};

void ReportErrors(const Multislice& engine, const Prism& prism, benchmark::State* state) {
  constexpr int kSide = 16;
  std::vector<std::array<double, 2>> cell;
  for (int i = 0; i < kSide * kSide; ++i) {
    cell.push_back({i / kSide * 3.905 / kSide, i % kSide * 3.905 / kSide});
  }
  Multislice::Workspace workspace = engine.MakeWorkspace();
  const ProbeSpectrum probe = *MakeProbe(engine.grid(), {});
  const std::vector<size_t> exits = {engine.slices()};
  double squares[3] = {}, sum[3] = {};
  prism.Run({}, cell, [&](size_t n, std::span<const float> intensity) {
    engine.Run(
        probe, cell[n][0], cell[n][1], exits, [](size_t) {}, &workspace);
    for (int d = 0; d < 3; ++d) {
      double approximate = 0, exact = 0;
      Detector::Create(kRings[d], prism.window(), kEnergy_eV)
          ->Accumulate(intensity, 1, {&approximate, 1});
      Detector::Create(kRings[d], engine.grid(), kEnergy_eV)
          ->Accumulate(workspace.intensity(), 1, {&exact, 1});
      squares[d] += std::pow(approximate - exact, 2);
      sum[d] += exact;
    }
  });
  for (int d = 0; d < 3; ++d) {
    state->counters["rms_" + kRings[d].name] =
        std::sqrt(squares[d] / double(cell.size())) / (sum[d] / double(cell.size()));
  }
}

void BM_PrismW1(benchmark::State& state) {
  SetThreads(1);
  Progress::SetStyle(Progress::Style::kOff);
  const Specimen s =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(8, 8, 20);
  const Grid grid{512, 512, s.cell_A[0], s.cell_A[1]};
  const Multislice engine(*MakePotential(s, grid, 1.9525, **ScatteringFactors::Load("kirkland")),
                          kEnergy_eV, {0, 0});
  const int f = int(state.range(0));
  (void)Prism::Create(engine, kEnergy_eV, 0.002, f, size_t(8) << 30);  // FFT plans are made here
  const double start = CpuSeconds();
  const Prism prism = *Prism::Create(engine, kEnergy_eV, 0.024, f, size_t(8) << 30);
  const double build_s = CpuSeconds() - start;

  Multislice::Workspace workspace = engine.MakeWorkspace();
  const ProbeSpectrum probe = *MakeProbe(grid, {});
  const std::vector<size_t> exits = {engine.slices()};
  engine.Run(
      probe, 1, 1, exits, [](size_t) {}, &workspace);
  const double before = CpuSeconds();
  for (int i = 0; i < 10; ++i)
    engine.Run(
        probe, 1, 1, exits, [](size_t) {}, &workspace);
  const double probe_s = (CpuSeconds() - before) / 10;

  std::vector<std::array<double, 2>> tile;
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 8; ++j) tile.push_back({i * 0.2440625, j * 0.2440625});
  }
  const double loop = CpuSeconds();
  for (auto _ : state) {
    prism.Run({}, tile,
              [](size_t, std::span<const float> v) { benchmark::DoNotOptimize(v.data()); });
  }
  const double sum_s = CpuSeconds() - loop;
  ReportErrors(engine, prism, &state);
  state.counters["beams"] = double(prism.beams());
  state.counters["beam_over_probe"] = build_s / double(prism.beams()) / probe_s;
  state.counters["ms_per_probe"] = sum_s * 1e3 / double(state.iterations() * tile.size());
}
BENCHMARK(BM_PrismW1)->Arg(2)->Arg(4)->Arg(8)->Unit(benchmark::kMillisecond)->MinTime(2);

}  // namespace
}  // namespace ronchi::sim

BENCHMARK_MAIN();
