// A camera exposure of the twin, whole: optics, multislice, counting.
//   crystal: pixels a side, unit cells along the beam (SrTiO3, 18 mrad, 23 Å box, four passes)
//   film:    pixels a side, box in Å (5 nm of carbon, 30 mrad, three slices, one pass)
// Tilted: each exposure after a move of the stage.
#include <benchmark/benchmark.h>

#include "absl/strings/str_cat.h"
#include "hw/twin/column/column_twin.h"

namespace ronchi::hw {
namespace {

std::unique_ptr<Instrument> Make(const std::string& yaml) {
  const auto options = ReadTwinOptions(*Config::Parse(yaml, "bench.yaml"));
  RONCHI_CHECK(options.ok());
  auto twin = *MakeTwin(*options, 1);
  RONCHI_CHECK(twin->Execute(Unblank{}).ok());
  return twin;
}

void Run(benchmark::State& state, const std::string& yaml, bool tilts) {
  auto twin = Make(yaml);
  double beta = 0;
  for (auto _ : state) {
    if (tilts) RONCHI_CHECK(twin->Execute(Set{"stage.beta", Radians(beta += 1e-4)}).ok());
    auto reply = twin->Execute(Expose{"camera", 0.01});
    RONCHI_CHECK(reply.ok());
    benchmark::DoNotOptimize(reply);
  }
}

std::string Crystal(int64_t pixels, int64_t layers) {
  return absl::StrCat("{preset: corrected_200kV, engine: linear, layers: ", layers,
                      ", stage: {present: true, settle_s: 0}, camera: {present: true, pixels: ",
                      pixels, ", pixel_mrad: ", 128.0 / double(pixels), "}}");
}
std::string Film(int64_t pixels, int64_t box) {
  return absl::StrCat("{film: {box_A: ", box, "}, camera: {present: true, semiangle_mrad: 30, ",
                      "source_points: 1, pixels: ", pixels, ", pixel_mrad: ", 64.0 / double(pixels),
                      "}}");
}

void BM_Crystal(benchmark::State& s) { Run(s, Crystal(s.range(0), s.range(1)), false); }
BENCHMARK(BM_Crystal)
    ->Args({128, 5})
    ->Args({64, 5})
    ->Args({128, 50})
    ->Unit(benchmark::kMillisecond);
void BM_CrystalTilted(benchmark::State& s) { Run(s, Crystal(s.range(0), s.range(1)), true); }
BENCHMARK(BM_CrystalTilted)->Args({128, 5})->Unit(benchmark::kMillisecond);
void BM_Film(benchmark::State& s) { Run(s, Film(s.range(0), s.range(1)), false); }
BENCHMARK(BM_Film)
    ->Args({64, 32})
    ->Args({64, 64})
    ->Args({128, 64})
    ->Args({128, 128})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ronchi::hw

BENCHMARK_MAIN();
