// The contracted engine on workload W1 (512², 24 mrad) and on a 20 Å cell: what it takes to
// prepare, and an image under new aberrations after that, against multislice for the same image.
// One thread.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

#include "core/parallel.h"
#include "core/progress.h"
#include "core/random.h"
#include "sim/contracted/prepare.h"
#include "sim/simulation.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

double CpuSeconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

struct Case {
  int cells, depth;
  size_t grid, image;
  bool thermal;
};
// W1 (a perfect crystal: most differences are forbidden), W1 with every atom displaced, a 20 Å
// cell.
const Case kCases[] = {{8, 20, 512, 32, false}, {8, 20, 512, 32, true}, {5, 10, 256, 64, true}};

SimulationOptions OptionsOf(const Case& c) {
  const Specimen s = ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz")
                         ->Repeated(c.cells, c.cells, c.depth);
  SimulationOptions o;
  o.specimen = s;
  o.grid_pixels = {c.grid, c.grid};
  o.slice_thickness_A = 1.9525;
  o.exit_slices = {size_t(2 * c.depth)};
  o.scan = {.end_A = {7.81, 7.81}, .pixels = {c.image, c.image}};
  o.detectors = {{.name = "haadf", .inner_rad = 0.06, .outer_rad = 0.1}};
  return o;
}

// Of the processor, for an image by multislice: of one configuration.
double MultisliceSeconds(const Case& c, const SimulationOptions& o, const Grid& grid) {
  const Multislice engine(
      *MakePotential(c.thermal ? o.specimen.Displaced(o.phonon_rms_A, 0, 0) : o.specimen, grid,
                     o.slice_thickness_A, **ScatteringFactors::Load("kirkland")),
      200e3, {0, 0});
  Multislice::Workspace w = engine.MakeWorkspace();
  const double before = CpuSeconds();
  for (int i = 0; i < 5; ++i)
    engine.Run(
        *MakeProbe(grid, o.beam), 1, 1, o.exit_slices, [](size_t) {}, &w);
  return (CpuSeconds() - before) / 5 * double(c.image * c.image);
}

// A fixed number of images: the preparation takes minutes and is not to be repeated.
void BM_Contracted(benchmark::State& state) {
  const Case& c = kCases[state.range(0)];
  SetThreads(1);
  Progress::SetStyle(Progress::Style::kOff);
  SimulationOptions o = OptionsOf(c);
  const SimulationPlan plan = *PlanSimulation(o);
  o.phonons = c.thermal;
  o.phonon_rms_A = {{8, 0.08}, {22, 0.08}, {38, 0.08}};
  setenv("RONCHI_CACHE_GB", "0", 1);  // prepare, do not read what was prepared
  const double begin = CpuSeconds();
  const auto contracted = PrepareContraction(o, plan.detectors)->engine;
  const double prepare_s = CpuSeconds() - begin;
  const double multislice_s = MultisliceSeconds(c, o, plan.grid);

  std::vector<double> times, with_gradient;
  RandomStream random({.seed = 1, .name = "bench.contracted"});
  const ScanLines scan = MakeLines(o.scan);
  Contracted::Workspace workspace;
  std::vector<double> image(scan.probes()), weights(scan.probes(), 1e-3);
  Contracted::Variation gradient;
  const auto change = [&] {
    o.beam.aberrations.SetPolar(kC10, 50 * random.Normal(), 0);
    o.beam.aberrations.SetPolar(kC12, 30 * random.Normal(), random.Uniform(0, 3));
  };
  const auto timed = [](std::vector<double>* into, const auto& call) {
    const double start = CpuSeconds();
    RONCHI_CHECK(call().ok());
    into->push_back(CpuSeconds() - start);
  };
  for (auto _ : state) {
    change();
    timed(&times,
          [&] { return contracted->ComputeImage({.beam = o.beam}, scan, &workspace, image); });
    benchmark::DoNotOptimize(image.data());
  }
  std::sort(times.begin(), times.end());
  for (int i = 0; i < 101; ++i) {
    change();
    timed(&with_gradient, [&] {
      return contracted->ComputeGradient({.beam = o.beam}, scan, weights, &workspace, image,
                                         &gradient);
    });
    benchmark::DoNotOptimize(gradient.shift[0]);
  }
  std::sort(with_gradient.begin(), with_gradient.end());
  state.counters["with_gradient_over_image"] = with_gradient[50] / times[times.size() / 2];
  state.counters["beams"] = double(contracted->beams());
  state.counters["differences"] = double(contracted->differences().size());
  state.counters["MB"] = double(contracted->memory_bytes()) * 1e-6;
  state.counters["prepare_s"] = prepare_s;
  state.counters["median_ms"] = times[times.size() / 2] * 1e3;
  state.counters["p98_over_median"] = times[times.size() * 98 / 100] / times[times.size() / 2];
  state.counters["p99_over_median"] = times[times.size() * 99 / 100] / times[times.size() / 2];
  state.counters["multislice_over_it"] = multislice_s / times[times.size() / 2];
}
BENCHMARK(BM_Contracted)->DenseRange(0, 2)->Unit(benchmark::kMillisecond)->Iterations(10000);

}  // namespace
}  // namespace ronchi::sim

BENCHMARK_MAIN();
