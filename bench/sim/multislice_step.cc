// What one probe costs in one slice, against the raw loop that any multislice code runs on FFTW:
// ψT, forward FFT, ψP, inverse FFT on the full grid, planned as carefully (PATIENT, kept wisdom).
// Both in one process on one thread; "ratio" is ours over the raw loop's. The multislice figure is
// all-inclusive: entering the probe, every slice, and a HAADF reading at the exit.
#include <benchmark/benchmark.h>

#include <cmath>
#include <ctime>

#include "sim/detector.h"
#include "sim/multislice.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

constexpr size_t kSlices = 40;

double CpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

// SrTiO3 [001] in a box as W1's, 40 slices, n × n points.
PotentialSlices Potential(size_t n) {
  const Specimen s =
      ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")->Repeated(8, 8, 20);
  return *MakePotential(s, {n, n, s.cell_A[0], s.cell_A[1]}, 1.9525,
                        **ScatteringFactors::Load("kirkland"));
}

struct Raw {
  explicit Raw(size_t n)
      : wave(n * n, Complex(1e-3f)),
        transmission(n * n, Complex(0.8f, 0.6f)),
        propagator(n * n, Complex(0.6f / float(n * n), 0.8f / float(n * n))),
        forward(Fft::Plane(int(n), int(n), Fft::Direction::kForward, Fft::Effort::kPatient)),
        inverse(Fft::Plane(int(n), int(n), Fft::Direction::kInverse, Fft::Effort::kPatient)) {}
  void Step() {
    for (size_t i = 0; i < wave.size(); ++i) wave[i] *= transmission[i];
    forward.Execute(wave.data());
    for (size_t i = 0; i < wave.size(); ++i) wave[i] *= propagator[i];
    inverse.Execute(wave.data());
  }
  ComplexBuffer wave, transmission, propagator;
  Fft forward, inverse;
};

void BM_ProbeSlice(benchmark::State& state) {
  const size_t n = size_t(state.range(0));
  const PotentialSlices potential = Potential(n);
  const Multislice engine(potential, 200e3, {0, 0}, {.waves = Fft::Effort::kPatient});
  const ProbeSpectrum probe = *MakeProbe(potential.grid, {});
  const double limit_rad = 0.9 * potential.grid.band_limit_per_A() * 0.02508;
  const Detector detector = *Detector::Create(
      {.name = "haadf", .inner_rad = 0.03, .outer_rad = limit_rad}, potential.grid, 200e3);
  Multislice::Workspace workspace = engine.MakeWorkspace();
  const std::vector<size_t> exits = {engine.slices()};
  Raw raw(n);
  double reading = 0, ours_s = 0, raw_s = 0;
  for (auto _ : state) {  // alternating, so that a slow moment of the machine hits both
    const double start = CpuSeconds();
    engine.Run(
        probe, 1.0, 2.0, exits,
        [&](size_t) {
          detector.Accumulate(workspace.intensity(), 1, {&reading, 1});
        },
        &workspace);
    const double middle = CpuSeconds();
    for (size_t s = 0; s < kSlices; ++s) raw.Step();
    const double end = CpuSeconds();
    ours_s += middle - start;
    raw_s += end - middle;
  }
  benchmark::DoNotOptimize(reading);
  benchmark::DoNotOptimize(raw.wave.data());
  const double steps = double(state.iterations()) * kSlices;
  state.counters["ours_ms"] = ours_s / steps * 1e3;
  state.counters["raw_ms"] = raw_s / steps * 1e3;
  state.counters["ratio"] = ours_s / raw_s;
}
BENCHMARK(BM_ProbeSlice)->Arg(256)->Arg(384)->Arg(512)->Unit(benchmark::kMillisecond)->MinTime(2);

}  // namespace
}  // namespace ronchi::sim

BENCHMARK_MAIN();
