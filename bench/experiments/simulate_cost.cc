// The forecast of `simulate --dry-run` against the clock: `over_foretold` is the time of the run
// over the time foretold. It is 1 on cores that have nothing else to do, and more beside other
// programs. The argument is the side of the grid in pixels.
#include "experiments/simulate/simulate_cost.h"

#include <benchmark/benchmark.h>

#include "absl/strings/str_format.h"
#include "core/progress.h"

namespace ronchi {
namespace {

absl::StatusOr<SimulateSeries> Job(int64_t pixels, const char* more) {
  const std::string text = absl::StrFormat(R"(version: 1
specimen: {file: SrTiO3_001.xyz, repeat: [4, 4, 10]}
beam: {energy_keV: 200, semiangle_mrad: 20}
grid: {pixels: [%d, %d], slice_thickness_A: 1.9525}
scan: {end_A: [3.905, 3.905], pixels: [16, 16]}
detectors: {adf: {type: annular, inner_mrad: 30, outer_mrad: 60}}
%s)",
                                           pixels, pixels, more);
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "bench"));
  return SimulateSeries::Read(config);
}

void Compare(benchmark::State& state, const char* more) {
  Progress::SetStyle(Progress::Style::kOff);
  auto series = Job(state.range(0), more);
  if (!series.ok()) return state.SkipWithError(std::string(series.status().message()).c_str());
  const auto ignore = [](size_t, size_t, size_t, size_t, std::span<const float>) {
    return absl::OkStatus();
  };
  double real_s = 0, foretold_s = 0;
  size_t last = 0;
  (void)SimulatePoints(*series, 0, std::nullopt, ignore, &last);  // plans
  for (auto _ : state) {
    state.PauseTiming();
    const auto cost = EstimateCost(*series);
    state.ResumeTiming();
    const auto result = SimulatePoints(*series, 0, std::nullopt, ignore, &last);
    if (!cost.ok() || !result.ok()) return state.SkipWithError("failed");
    real_s += result->seconds;
    foretold_s += cost->seconds;
  }
  state.counters["over_foretold"] = real_s / foretold_s;
}

void BM_Static(benchmark::State& state) { Compare(state, ""); }
void BM_Phonons(benchmark::State& state) {
  Compare(state, "phonons: {configurations: 4, rms_A: {Sr: 0.08}}");
}
void BM_Prism(benchmark::State& state) {
  Compare(state, "engine: {name: prism, interpolation: 2}");
}
BENCHMARK(BM_Static)->Arg(192)->Arg(512)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BM_Phonons)->Arg(192)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BM_Prism)->Arg(192)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
