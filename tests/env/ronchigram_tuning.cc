// RonchigramTuning-v1: what flatness is, and that it and the truth grow when the column is tuned.
// The contract that it shares with all environments: tests/experiments/catalog/environments.cc.
#include "env/ronchigram_tuning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"
#include "tests/support/knowing.h"
#include "tests/support/lacking.h"

namespace ronchi::env {
namespace {

using testing::HasSubstr;
using testing_support::Seen;
using testing_support::Spy;
using testing_support::TwinFromYaml;
using testing_support::WhyRefused;

constexpr const char* kFilm =
    "{film: {thickness_nm: 3, box_A: 32}, semiangle_mrad: 25, corrector_limit_nm: 200, "
    "camera: {present: true, pixels: 64, pixel_mrad: 1, dark_counts: 3}, "
    "prior: {C10_nm: [-50, 50], C12a_nm: [-20, 20], C12b_nm: [-20, 20], C21a_nm: [0, 0], "
    "C21b_nm: [0, 0], C23a_nm: [0, 0], C23b_nm: [0, 0], C30_um: [0, 0]}}";

RonchigramTuningOptions SmallRonchigram() {
  RonchigramTuningOptions o;
  o.pixels = 32;
  o.disc_rad = 0.024;
  o.max_episode_steps = 4;
  o.dark_counts = 3;
  return o;
}

// A slope of s of the mean a pixel has the mean square gradient s².
TEST(RonchigramTuning, FlatnessOfASlope) {
  Array<float> slope({16, 16});
  for (size_t y = 0; y < 16; ++y) {
    for (size_t x = 0; x < 16; ++x) slope(y, x) = float(107 + 2 * (double(x) - 8));
  }
  // Over a disc about (8, 8) the mean is that of the middle.
  EXPECT_NEAR(Flatness(slope, slope, 7, 1e-3, 7e-3), -std::log10(0.02 * 0.02), 1e-6);
  // Pixels twice as wide: half the slope a mrad.
  EXPECT_NEAR(Flatness(slope, slope, 7, 2e-3, 14e-3), -std::log10(0.01 * 0.01), 1e-6);
  EXPECT_EQ(Flatness(slope, slope, 107, 1e-3, 7e-3), 0);  // no counts above the dark ones
}

// Two flat frames with 1000 electrons a pixel: their independent noise, of 10⁻³ in the square of
// a gradient, averages out over 600 pixels: 2·10⁻⁵ at two standard deviations.
TEST(RonchigramTuning, NoiseIsNoStructure) {
  RandomStream random({.seed = 1, .name = "test.flat"});
  Array<float> a({32, 32}), b({32, 32});
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = float(random.Poisson(1000));
    b[i] = float(random.Poisson(1000));
  }
  EXPECT_GT(Flatness(a, b, 0, 1e-3, 15e-3), 4.6);
  EXPECT_LT(Flatness(a, a, 0, 1e-3, 15e-3), 3.2);
}

TEST(RonchigramTuning, TuningMakesItFlatAndTheTruthKnows) {
  auto twin = *hw::MakeTwin(TwinFromYaml(kFilm), 0);
  RonchigramTuningOptions options = SmallRonchigram();
  options.reward_truth = true;
  options.range_nm = 120;  // room beside what the tuning takes
  auto task = *RonchigramTuning::Create(twin.get(), options);
  const auto tune = testing_support::Knowing(task->spec(), twin.get());
  for (int episode = 0; episode < 4; ++episode) {
    const auto reset = *task->Reset(episode ? std::nullopt : std::optional<uint64_t>(5));
    const auto tuned = *task->Step(tune.act(reset.observation));
    EXPECT_GT(tuned.observation.at("flatness")[0], reset.observation.at("flatness")[0] + 0.8);
    EXPECT_GT(tuned.reward, 15);  // what the walks and the corrector's gain leave
    EXPECT_LT(reset.info.at("flat_mrad"), 12);
    EXPECT_EQ(tuned.info.at("flat_mrad"), tuned.reward);
    // Of C10 alone the phase reaches π/4 at √(λ/(4 C10)).
    std::vector<float> away(3);
    away[0] = 40;
    EXPECT_NEAR(task->Step(away)->reward, 1e3 * std::sqrt(0.0251 / (4 * 400)), 0.3);
  }
}

TEST(RonchigramTuning, BinsOnTheChip) {
  auto seen = std::make_shared<Seen>();
  Spy instrument(*hw::MakeTwin(TwinFromYaml(kFilm), 0), seen);
  auto task = *RonchigramTuning::Create(&instrument, SmallRonchigram());
  ASSERT_TRUE(task->Reset(1).ok());
  const auto& expose = std::get<hw::Expose>(seen->commands.back());
  EXPECT_EQ(expose.binning, 2u);
  EXPECT_EQ(expose.frames, 2u);
  EXPECT_EQ(expose.camera, "camera");
}

TEST(RonchigramTuning, RefusesAnInstrumentThatLacksWhatItNeeds) {
  const hw::Description whole = (*hw::MakeTwin(TwinFromYaml(kFilm), 0))->description();
  const auto why =
      [&](const std::function<void(hw::Description*, RonchigramTuningOptions*)>& change) {
        return WhyRefused<RonchigramTuning>(whole, SmallRonchigram(), change);
      };
  EXPECT_EQ(why([](auto*, auto*) {}), "");
  EXPECT_THAT(why([](auto* d, auto*) { d->detectors.clear(); }), HasSubstr("'camera'"));
  EXPECT_THAT(why([](auto* d, auto*) { d->cannot = {"expose"}; }), HasSubstr("exposed"));
  EXPECT_THAT(why([](auto* d, auto*) { d->detectors[0].pixel_rad = 0; }), HasSubstr("angle"));
  EXPECT_THAT(why([](auto*, auto* o) { o->pixels = 48; }), HasSubstr("divide the 64"));
  EXPECT_THAT(why([](auto*, auto* o) { o->disc_rad = 0.04; }), HasSubstr("8 … 32"));
  EXPECT_THAT(why([](auto*, auto* o) { o->level = 2; }), HasSubstr("optics.C21.a"));
  EXPECT_THAT(why([](auto*, auto* o) { o->range_nm = 300; }), HasSubstr("up to 200"));
  EXPECT_THAT(why([](auto*, auto* o) { o->reward_truth = true; }), HasSubstr("ground truth"));
}

}  // namespace
}  // namespace ronchi::env
