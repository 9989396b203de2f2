// What gradients cost: forward and adjoint of one probe (Forward, a HAADF reading, Backward) over
// the forward run alone (Multislice::Run with the same reading), both in one process on one thread.
// "ratio" is that; what is done once for all probes of a gradient, before and after, is apart:
// "finish_ms" (from sums to aberrations, potential, atoms) beside "prepare_ms", the making of the
// potential and the engine, which new atoms cost anyway. Arguments: points along a side, and which
// gradients:
//   0  probe (aberrations, beam tilt, position) alone
//   1  and tilt, thickness, potential scale
//   2  and the potential, a plane a distinct slice, with the atoms'
//   3  and the potential, a plane a slice, with the atoms'
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

struct Times {  // of the processor, s
  double forward_s = 0, kept_s = 0, both_s = 0, probes = -1;
};

// Forward alone, then kept and backward, alternating, so that a slow moment of the machine hits
// both.
void RunProbes(const MultisliceAdjoint& adjoint, const ProbeSpectrum& probe,
               const Detector& detector, Multislice::Workspace* run,
               MultisliceAdjoint::Workspace* workspace, MultisliceAdjoint::Sums* sums, Times* t) {
  const Multislice& engine = adjoint.forward();
  const std::vector<size_t> exits = {engine.slices()};
  const double one[] = {1};
  RealBuffer slope(workspace->intensity().size());
  double reading = 0;
  for (size_t p = 0; p < kProbes; ++p) {
    const double x = 0.25 * double(p % 4), y = 0.25 * double(p / 4);
    const double start = CpuSeconds();
    engine.Run(
        probe, x, y, exits,
        [&](size_t) {
          detector.Accumulate(run->intensity(), 1, {&reading, 1});
        },
        run);
    const double middle = CpuSeconds();
    adjoint.Forward(probe, x, y, workspace);
    const double kept = CpuSeconds();
    detector.Accumulate(workspace->intensity(), 1, {&reading, 1});
    std::fill(slope.begin(), slope.end(), Real(0));
    detector.Spread(one, slope);
    adjoint.Backward(probe, slope, workspace, sums);
    const double end = CpuSeconds();
    if (++t->probes == 0) continue;  // the first probe of a process makes its pages
    t->forward_s += middle - start;
    t->kept_s += kept - middle;
    t->both_s += end - middle;
  }
  benchmark::DoNotOptimize(reading);
}

void Measure(benchmark::State& state, bool displaced) {
  SetThreads(1);
  const size_t n = size_t(state.range(0));
  const int wanted = int(state.range(1));
  const Specimen specimen = Box(displaced);
  const auto factors = *ScatteringFactors::Load("kirkland");
  const double prepare_start = CpuSeconds();
  const PotentialSlices potential =
      *MakePotential(specimen, {n, n, specimen.cell_A[0], specimen.cell_A[1]}, 1.9525, *factors);
  benchmark::DoNotOptimize(Multislice(potential, 200e3, {0, 0}, {.waves = Fft::Effort::kPatient}));
  const double prepare_s = CpuSeconds() - prepare_start;
  using Planes = MultisliceAdjoint::PotentialPlanes;
  const MultisliceAdjoint adjoint(potential, 200e3, {0.002, 0.001},
                                  {.stack = wanted >= 1,
                                   .potential = wanted == 2   ? Planes::kDistinct
                                                : wanted == 3 ? Planes::kSlices
                                                              : Planes::kNone,
                                   .lanes = 1,
                                   .efforts = {.waves = Fft::Effort::kPatient}});
  const BeamOptics optics;
  const ProbeSpectrum probe = *MakeProbe(potential.grid, optics);
  const double limit_rad = 0.9 * potential.grid.band_limit_per_A() * 0.02508;
  const Detector detector = *Detector::Create(
      {.name = "haadf", .inner_rad = 0.03, .outer_rad = limit_rad}, potential.grid, 200e3);
  MultisliceAdjoint::Sums sums = adjoint.MakeSums(probe);
  Multislice::Workspace run = adjoint.forward().MakeWorkspace();
  MultisliceAdjoint::Workspace workspace = adjoint.MakeWorkspace();
  Times t;
  for (auto _ : state) RunProbes(adjoint, probe, detector, &run, &workspace, &sums, &t);
  const double finish_start = CpuSeconds();
  const MultisliceGradient g = adjoint.Finish(sums);
  benchmark::DoNotOptimize(ToOpticsGradient(potential.grid, optics, probe, g.amplitude));
  if (wanted >= 2) {
    benchmark::DoNotOptimize(
        ToAtomGradient(specimen, potential, *factors, Projection::kInfinite, g));
  }
  state.counters["finish_ms"] = (CpuSeconds() - finish_start) * 1e3;
  state.counters["prepare_ms"] = prepare_s * 1e3;
  state.counters["forward_ms"] = t.forward_s / t.probes * 1e3;
  state.counters["kept_ms"] = t.kept_s / t.probes * 1e3;
  state.counters["both_ms"] = t.both_s / t.probes * 1e3;
  state.counters["ratio"] = t.both_s / t.forward_s;
  state.counters["kept_MB"] = double(adjoint.workspace_bytes()) * 1e-6;
}

void BM_AtRest(benchmark::State& state) { Measure(state, false); }
void BM_Displaced(benchmark::State& state) { Measure(state, true); }
BENCHMARK(BM_AtRest)->ArgsProduct({{256, 512}, {0, 1, 2, 3}})->Iterations(5);
BENCHMARK(BM_Displaced)->ArgsProduct({{256, 512}, {1, 3}})->Iterations(5);

}  // namespace
}  // namespace ronchi::sim

BENCHMARK_MAIN();
