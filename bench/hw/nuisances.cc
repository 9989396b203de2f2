// What a frame of 64 x 64 pixels costs on a twin, by the nuisance that is switched on.
#include <benchmark/benchmark.h>

#include <string>

#include "hw/twin/column/column_twin.h"

namespace ronchi::hw {
namespace {

constexpr const char* kNuisances[] = {
    "",
    "{source_tail_share: [0.2, 0.2]}",
    "{pulse_height_noise: [0.5, 0.5]}",
    "{afterglow_share: [0.1, 0.1]}",
    "{hum_x_A: [0.1, 0.1]}",
    "{flyback_lag_share: [0.01, 0.01]}",
    "{scan_wander_A: [0.1, 0.1], current_flicker: [0.02, 0.02]}",
    "{source_tail_share: [0.2, 0.2], pulse_height_noise: [0.5, 0.5], afterglow_share: [0.1, 0.1], "
    "hum_x_A: [0.1, 0.1], flyback_lag_share: [0.01, 0.01], scan_wander_A: [0.1, 0.1], "
    "current_flicker: [0.02, 0.02]}",
};

void BM_Frame(benchmark::State& state) {
  const std::string prior = kNuisances[state.range(0)];
  const std::string yaml =
      "preset: corrected_200kV\n" + (prior.empty() ? "" : "prior: " + prior + "\n");
  const TwinOptions options = *ReadTwinOptions(*Config::Parse(yaml, "bench.yaml"));
  auto twin = *MakeTwin(options, 1);
  (void)twin->Execute(Unblank{});
  const Scan scan{.fov_x_m = 15.62e-10,
                  .fov_y_m = 15.62e-10,
                  .pixels_x = 64,
                  .pixels_y = 64,
                  .dwell_s = 5e-6,
                  .detectors = {"haadf"}};
  for (auto _ : state) benchmark::DoNotOptimize(twin->Execute(scan));
  state.SetLabel(prior.empty() ? "none" : prior.size() > 100 ? "all" : prior);
}
BENCHMARK(BM_Frame)->DenseRange(0, 7)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ronchi::hw

BENCHMARK_MAIN();
