// What gradients cost: forward and adjoint of one probe over the forward run alone (Multislice::Run
// with a HAADF reading), both in one process on one thread. Argument: points along a side, and
// which gradients:
//   0  probe (aberrations, beam tilt, position) alone
//   1  and tilt, thickness, potential scale
//   2  and the potential, a plane a distinct slice, with the atoms'
//   3  and the potential, a plane a slice, with the atoms'
// A gradient is over kProbes probes, what is done once for all of them included.
#include <benchmark/benchmark.h>

#include <cmath>
#include <ctime>

#include "core/parallel.h"
#include "sim/detector.h"
#include "sim/gradient/multislice_adjoint.h"
#include "sim/gradient/potential_gradient.h"
#include "sim/gradient/probe_gradient.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

constexpr size_t kProbes = 16;

double CpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// SrTiO3 [001] in a box as W1's, 40 slices; `displaced`: one frozen-phonon configuration, whose
// slices are all distinct.
Specimen Box(bool displaced) {
  const Specimen s =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(8, 8, 20);
  return displaced ? s.Displaced({{8, 0.08}, {22, 0.07}, {38, 0.09}}, 1, 0) : s;
}

void Measure(benchmark::State& state, bool displaced) {
  SetThreads(1);
  const size_t n = size_t(state.range(0));
  const int wanted = int(state.range(1));
  const Specimen specimen = Box(displaced);
  const auto factors = *ScatteringFactors::Load("kirkland");
  const PotentialSlices potential =
      *MakePotential(specimen, {n, n, specimen.cell_A[0], specimen.cell_A[1]}, 1.9525, *factors);
  using Planes = MultisliceAdjoint::PotentialPlanes;
  const MultisliceAdjoint adjoint(potential, 200e3, {0.002, 0.001},
                                  {.stack = wanted >= 1,
                                   .potential = wanted == 2   ? Planes::kDistinct
                                                : wanted == 3 ? Planes::kSlices
                                                              : Planes::kNone,
                                   .lanes = 1,
                                   .efforts = {.waves = Fft::Effort::kPatient}});
  const Multislice& engine = adjoint.forward();
  const BeamOptics optics;
  const ProbeSpectrum probe = *MakeProbe(potential.grid, optics);
  const double limit_rad = 0.9 * potential.grid.band_limit_per_A() * 0.02508;
  const Detector detector = *Detector::Create(
      {.name = "haadf", .inner_rad = 0.03, .outer_rad = limit_rad}, potential.grid, 200e3);
  std::vector<std::array<double, 2>> positions;
  for (size_t p = 0; p < kProbes; ++p)
    positions.push_back({0.25 * double(p % 4), 0.25 * double(p / 4)});
  Multislice::Workspace run = engine.MakeWorkspace();
  const std::vector<size_t> exits = {engine.slices()};
  const double one[] = {1};
  double reading = 0, forward_s = 0, both_s = 0;
  // The first gradient of a process makes its pages; it is not counted.
  bool first = true;
  for (auto _ : state) {  // alternating, so that a slow moment of the machine hits both
    const double start = CpuSeconds();
    for (const auto& [x, y] : positions) {
      engine.Run(
          probe, x, y, exits,
          [&](size_t) {
            detector.Accumulate(run.intensity(), 1, {&reading, 1});
          },
          &run);
    }
    const double middle = CpuSeconds();
    const MultisliceGradient g = adjoint.Gradient(
        probe, positions, [&](size_t, std::span<const Real> intensity, std::span<Real> slope) {
          double value = 0;
          detector.Accumulate(intensity, 1, {&value, 1});
          detector.Spread(one, slope);
          return value;
        });
    benchmark::DoNotOptimize(ToOpticsGradient(potential.grid, optics, probe, g.amplitude));
    if (wanted >= 2) {
      benchmark::DoNotOptimize(
          ToAtomGradient(specimen, potential, *factors, Projection::kInfinite, g.potential));
    }
    const double end = CpuSeconds();
    if (!first) {
      forward_s += middle - start;
      both_s += end - middle;
    }
    first = false;
  }
  benchmark::DoNotOptimize(reading);
  const double probes = double(state.iterations() - 1) * kProbes;
  state.counters["forward_ms"] = forward_s / probes * 1e3;
  state.counters["both_ms"] = both_s / probes * 1e3;
  state.counters["ratio"] = both_s / forward_s;
  state.counters["kept_MB"] = double(adjoint.workspace_bytes()) * 1e-6;
}

void BM_AtRest(benchmark::State& state) { Measure(state, false); }
void BM_Displaced(benchmark::State& state) { Measure(state, true); }
BENCHMARK(BM_AtRest)->ArgsProduct({{256, 512}, {0, 1, 2, 3}})->Iterations(5);
BENCHMARK(BM_Displaced)->ArgsProduct({{256, 512}, {1, 3}})->Iterations(5);

}  // namespace
}  // namespace ronchi::sim

BENCHMARK_MAIN();
