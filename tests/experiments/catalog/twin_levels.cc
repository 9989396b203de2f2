// How bright every twin of a column is, and how high its contrast: against fine multislice
// (experiments/simulate/fine_multislice.h), within 1 %.
//
// Two errors add up, and are measured apart, because multislice of displaced atoms to 0.3 % takes
// minutes (`ronchi describe` does it in part):
//   the grid's (reach, slices, box, contraction), on a crystal at rest, where there is no chance;
//   that of few thermal configurations, from the scatter of the engine over seeds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "experiments/catalog/instruments.h"
#include "experiments/simulate/fine_multislice.h"
#include "tests/support/column.h"

namespace ronchi {
namespace {

using testing_support::TwinFromYaml;

struct Levels {
  double mean, contrast;
};

Levels Of(const hw::TwinOptions& o) {
  const auto image = (*hw::DetectorImages::Create(o)).MakeHarmonics(0, {});
  return {image.Mean(), image.Contrast()};
}

// Thin, on the axis and clean; tilt, thickness and layers have tests of their own.
hw::TwinOptions Thin(const std::string& preset, const std::string& keys) {
  return TwinFromYaml("{preset: " + preset + ", layers: 5, camera: {present: false}, amorphous: " +
                      "{entrance_nm: 0, exit_nm: 0}, " + keys +
                      ", prior: {thickness_nm: [0, 0], mistilt_alpha_mrad: [0, 0], "
                      "mistilt_beta_mrad: [0, 0]}}");
}

class TwinLevels : public testing::TestWithParam<const char*> {};

// At rest, the same box (its beams sample the aperture and the ring alike) and the same places of
// the cell in both. 0.5 % leaves 0.5 % for the thermal configurations (together 1 %); measured:
// 0.34 % at most (workhorse_200kV).
TEST_P(TwinLevels, GridIsConverged) {
  hw::TwinOptions o = Thin(GetParam(), "phonon_configurations: 1");
  for (sim::Atom& a : o.specimen.atoms) a.rms_A = 0;
  const FineOptions options{.reach = 2.2, .box_A = o.box_A, .configurations = 0, .probes = 6};
  const FineReading engine =
      ReadEngine((*hw::DetectorImages::Create(o)).MakeHarmonics(0, {}), ProbesASide(o, options));
  const auto fine = ReadFine(o, 0, {}, options);
  ASSERT_TRUE(fine.ok()) << fine.status();
  std::printf("%s: fraction %.6f, fine %.6f; contrast %.4f, fine %.4f\n", GetParam(), engine.mean,
              fine->mean, engine.contrast, fine->contrast);
  EXPECT_NEAR(engine.mean / fine->mean, 1, 0.005);
  EXPECT_NEAR(engine.contrast / fine->contrast, 1, 0.005);
}

// Places that are too few see other frequencies as the mean: Σ over the places of cos(2πhx/cell) is
// theirs where h is a multiple of their number, and images know h up to 2 α cell/λ.
TEST(TwinLevelsPlaces, AreAsManyAsTheImagesFrequenciesNeed) {
  const hw::TwinOptions o = Thin("corrected_80_300kV", "phonon_configurations: 1");
  EXPECT_EQ(ProbesASide(o, {.probes = 6}), 10u);  // 2 · 24 mrad · 3.905 Å/1.969 pm = 9.5
  EXPECT_EQ(ProbesASide(o, {.probes = 12}), 12u);
  EXPECT_EQ(ProbesASide(Thin("uncorrected_200kV", "phonon_configurations: 1"), {.probes = 1}), 4u);
}

INSTANTIATE_TEST_SUITE_P(Presets, TwinLevels,
                         testing::Values("corrected_200kV", "uncorrected_200kV",
                                         "corrected_80_300kV", "old_and_drifting",
                                         "workhorse_200kV"));

// Of forty-eight configurations, the scatter of single ones over √48: one standard deviation stays
// below 0.4 %, so that two of them and the grid's error make 1 %. Twenty seeds know it to 16 %,
// hence 0.55 %; measured over 52: 0.37 % (fraction) and 0.30 % (contrast).
TEST(TwinLevelsOfChance, ConfigurationsAreEnough) {
  EXPECT_EQ(hw::TwinOptions().phonon_configurations, 48);
  constexpr int kSeeds = 20;
  std::vector<Levels> draws;
  for (int seed = 100; seed < 100 + kSeeds; ++seed) {
    draws.push_back(Of(
        Thin("corrected_200kV", "phonon_configurations: 1, phonon_seed: " + std::to_string(seed))));
  }
  Levels mean{}, scatter{};
  for (const Levels& d : draws) {
    mean.mean += d.mean / kSeeds, mean.contrast += d.contrast / kSeeds;
  }
  for (const Levels& d : draws) {
    scatter.mean += std::pow(d.mean / mean.mean - 1, 2) / (kSeeds - 1);
    scatter.contrast += std::pow(d.contrast / mean.contrast - 1, 2) / (kSeeds - 1);
  }
  std::printf("chance of 48 configurations: fraction %.2f %%, contrast %.2f %%\n",
              100 * std::sqrt(scatter.mean / 48), 100 * std::sqrt(scatter.contrast / 48));
  EXPECT_LT(std::sqrt(scatter.mean / 48), 0.0055);
  EXPECT_LT(std::sqrt(scatter.contrast / 48), 0.0055);
}

}  // namespace
}  // namespace ronchi
