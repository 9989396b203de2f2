// How far the image levels of every preset, mean HAADF fraction and contrast, may be from the
// truth: the table of docs/twin.md#how-wrong-its-images-are, per cent.
//   grid_…:   the engine against fine multislice (experiments/simulate/fine_multislice.h) on the
//             preset's crystal at rest, 2 nm thick, where there is no chance;
//   chance_…: standard error for the preset's number of thermal configurations, from the scatter of
//             six engines of one configuration each, rms over thicknesses: 30 % uncertain. The
//             contrast: of a point source, and of the preset's own, the middle of its prior.
// Processor time: some ten minutes, most of it for workhorse_200kV, unless kept in the cache.
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/progress.h"
#include "experiments/simulate/fine_multislice.h"
#include "tests/support/column.h"

namespace ronchi {
namespace {

using testing_support::TwinFromYaml;

constexpr int kDraws = 6;

void MeasureGrid(const std::string& preset, benchmark::State& state) {
  hw::TwinOptions o = TwinFromYaml(
      absl::StrCat("{preset: ", preset,
                   ", layers: 5, camera: {present: false}, amorphous: {entrance_nm: 0, exit_nm: 0},"
                   " prior: {thickness_nm: [0, 0], mistilt_alpha_mrad: [0, 0], "
                   "mistilt_beta_mrad: [0, 0]}}"));
  for (sim::Atom& a : o.specimen.atoms) a.rms_A = 0;
  const FineOptions options{.reach = 2.2, .box_A = o.box_A, .configurations = 0, .probes = 6};
  const FineReading fine = *ReadFine(o, 0, {}, options);
  const FineReading engine =
      ReadEngine((*hw::DetectorImages::Create(o)).MakeHarmonics(0, {}), ProbesASide(o, options));
  state.counters["grid_fraction"] = 100 * (engine.mean / fine.mean - 1);
  state.counters["grid_contrast"] = 100 * (engine.contrast / fine.contrast - 1);
}

using Levels = std::array<double, 3>;  // fraction, contrast of a point source, of the preset's

void MeasureChance(const std::string& preset, benchmark::State& state) {
  const hw::TwinOptions o = TwinFromYaml("{preset: " + preset + "}");
  std::vector<std::vector<Levels>> draws;  // [draw][thickness]
  for (int seed = 1; seed <= kDraws; ++seed) {
    hw::TwinOptions one = o;
    one.detectors.resize(1);
    one.phonon_configurations = 1;
    one.phonon_seed = uint64_t(seed);
    const auto images = *hw::DetectorImages::Create(one);
    const theory::Range& fwhm = o.prior.ranges().at("source_fwhm_A");
    draws.emplace_back();
    for (int layers : hw::PreparedLayers(o)) {
      hw::ImageMoment moment{.thickness_A = layers * o.specimen.cell_A[2] / o.layers};
      const sim::ImageHarmonics point = images.MakeHarmonics(0, moment);
      moment.source.fwhm_A = (fwhm.low + fwhm.high) / 2;
      draws.back().push_back(
          {point.Mean(), point.Contrast(), images.MakeHarmonics(0, moment).Contrast()});
    }
  }
  Levels squares = {};
  const size_t thicknesses = draws[0].size();
  for (size_t t = 0; t < thicknesses; ++t) {
    for (size_t i = 0; i < squares.size(); ++i) {
      double mean = 0, scatter = 0;
      for (const auto& d : draws) mean += d[t][i] / kDraws;
      for (const auto& d : draws) scatter += std::pow(d[t][i] / mean - 1, 2) / (kDraws - 1);
      squares[i] += scatter / double(thicknesses) / o.phonon_configurations;
    }
  }
  state.counters["chance_fraction"] = 100 * std::sqrt(squares[0]);
  state.counters["chance_contrast"] = 100 * std::sqrt(squares[1]);
  state.counters["chance_own_contrast"] = 100 * std::sqrt(squares[2]);
}

void BM_Levels(benchmark::State& state, const std::string& preset) {
  Progress::SetStyle(Progress::Style::kOff);
  for (auto _ : state) {
    MeasureGrid(preset, state);
    MeasureChance(preset, state);
  }
}
BENCHMARK_CAPTURE(BM_Levels, corrected_200kV, "corrected_200kV")->Iterations(1);
BENCHMARK_CAPTURE(BM_Levels, old_and_drifting, "old_and_drifting")->Iterations(1);
BENCHMARK_CAPTURE(BM_Levels, uncorrected_200kV, "uncorrected_200kV")->Iterations(1);
BENCHMARK_CAPTURE(BM_Levels, corrected_80_300kV, "corrected_80_300kV")->Iterations(1);
BENCHMARK_CAPTURE(BM_Levels, workhorse_200kV, "workhorse_200kV")->Iterations(1);

}  // namespace
}  // namespace ronchi

BENCHMARK_MAIN();
