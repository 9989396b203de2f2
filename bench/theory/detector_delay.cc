// Prints what a change detector is judged by: the average run length between false alarms (ARL0)
// and the mean delay after shifts of 0.25, 0.5, 1 and 2 sigma, at a promise of 1000 frames; then
// the time an update takes. Run it with --benchmark_filter=- for the table alone.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <functional>
#include <memory>

#include "core/random.h"
#include "tests/theory/monitor/run_length.h"
#include "theory/monitor/sr_detector.h"

namespace ronchi::theory {
namespace {

constexpr double kPromise = 1000;
using Make = std::function<std::unique_ptr<ChangeDetector>(size_t run)>;

void PrintRow(const char* name, int64_t quiet_frames, size_t runs, const Make& make) {
  const double threshold = std::log(kPromise);
  const RunLength quiet = MeasureRunLength(
      {.threshold = threshold, .limit = static_cast<int64_t>(20 * kPromise), .runs = runs}, make);
  std::printf("%-42s %6.0f ± %-4.0f", name, quiet.mean, quiet.standard_error);
  for (double shift : {0.25, 0.5, 1.0, 2.0}) {
    const RunLength delay = MeasureRunLength({.threshold = threshold,
                                              .shift = shift,
                                              .change_at = quiet_frames,
                                              .limit = static_cast<int64_t>(20 * kPromise),
                                              .runs = runs},
                                             make);
    std::printf(" %6.1f ± %-4.1f", delay.mean, delay.standard_error);
  }
  std::printf("\n");
  std::fflush(stdout);
}

void PrintTable() {
  std::printf("promise %.0f frames; %-21s %6s %21s %15s %15s %14s\n", kPromise, "detector", "ARL0",
              "delay .25", ".5", "1", "2 sigma");
  PrintRow("mean 0, sigma 1 known; 100 quiet frames", 100, 2000,
           [](size_t) { return *MakeStandardNormalDetector({}); });
  for (int64_t quiet : {20, 50, 200, 1000}) {
    char name[80];
    std::snprintf(name, sizeof(name), "nothing known; %d quiet frames", static_cast<int>(quiet));
    PrintRow(name, quiet, 300,
             [=](size_t) { return *MakeUnknownNormalDetector({.learning_frames = quiet}); });
  }
}

void BM_Update(benchmark::State& state, const Make& make) {
  auto detector = make(0);
  RandomStream random({.seed = 1, .name = "bench.detector"});
  for (int i = 0; i < 1000; ++i) detector->Update(random.Normal());
  for (auto _ : state) {
    detector->Update(0.1);
    benchmark::DoNotOptimize(detector->LogStatistic());
  }
}
BENCHMARK_CAPTURE(BM_Update, known, [](size_t) { return *MakeStandardNormalDetector({}); });
BENCHMARK_CAPTURE(BM_Update, unknown, [](size_t) { return *MakeUnknownNormalDetector({}); });
BENCHMARK_CAPTURE(BM_Update, unknown_upward,
                  [](size_t) { return *MakeUnknownNormalDetector({.side = ShiftSide::kUp}); });

}  // namespace
}  // namespace ronchi::theory

int main(int argc, char** argv) {
  ronchi::theory::PrintTable();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
