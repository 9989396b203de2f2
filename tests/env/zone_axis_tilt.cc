// ZoneAxisTilt-v1: where the pattern goes with a tilt. The contract that it shares with all
// environments: tests/experiments/catalog/environments.cc.
#include "env/zone_axis_tilt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "tests/support/column.h"
#include "tests/support/instruments.h"
#include "tests/support/lacking.h"

namespace ronchi::env {
namespace {

using testing::HasSubstr;
using testing_support::TwinFromYaml;
using testing_support::WhyRefused;

std::unique_ptr<hw::Instrument> Tilted(double alpha_mrad, double beta_mrad) {
  return *hw::MakeTwin(
      TwinFromYaml(absl::StrCat(
          "{specimen: SrTiO3_001.xyz, layers: 15, engine: linear, semiangle_mrad: 2, "
          "phonon_configurations: 1, stage: {present: true}, "
          "camera: {present: true, pixels: 64, pixel_mrad: 1.5, source_points: 1}, prior: {",
          "mistilt_alpha_mrad: [", alpha_mrad, ", ", alpha_mrad, "], mistilt_beta_mrad: [",
          beta_mrad, ", ", beta_mrad, "]}}")),
      0);
}

ZoneAxisTiltOptions SmallTilt() {
  ZoneAxisTiltOptions o;
  o.reward_truth = true;
  o.max_episode_steps = 4;
  return o;
}

TEST(ZoneAxisTilt, CentreOfMassOfKnownPatterns) {
  Array<float> pattern({16, 16});
  EXPECT_EQ(CentreOfMass(pattern, 0), (std::array<double, 2>{0, 0}));
  pattern(8, 8) = 3;
  pattern(10, 4) = 1;
  pattern(0, 0) = 100;  // outside the disc
  EXPECT_EQ(CentreOfMass(pattern, 0), (std::array<double, 2>{-1, 0.5}));
  for (float& v : pattern) v += 2;
  const auto again = CentreOfMass(pattern, 2);
  EXPECT_NEAR(again[0], -1, 1e-12);
  EXPECT_NEAR(again[1], 0.5, 1e-12);
}

// On the axis the pattern stands in the middle; a tilt about x moves it along −y, one about y along
// +x. 0.9 mrad: one configuration of displaced atoms under a probe that stands anywhere has no
// symmetry (0.6 for this one); counting 2·10⁶ electrons leaves 0.02.
TEST(ZoneAxisTilt, ThePatternFollowsTheTilt) {
  const auto deflection = [](double alpha, double beta) {
    auto twin = Tilted(alpha, beta);
    auto task = *ZoneAxisTilt::Create(twin.get(), SmallTilt());
    const auto o = task->Reset(1)->observation;
    EXPECT_NEAR(o.at("centredness")[0], -std::hypot(o.at("deflection")[0], o.at("deflection")[1]),
                1e-5);
    return std::array<double, 2>{o.at("deflection")[0], o.at("deflection")[1]};
  };
  const auto none = deflection(0, 0), alpha = deflection(6, 0), beta = deflection(0, 6);
  EXPECT_LT(std::hypot(none[0], none[1]), 0.9);
  EXPECT_LT(alpha[1], -2);
  EXPECT_LT(std::fabs(alpha[0]), 0.9);
  EXPECT_GT(beta[0], 2);
  EXPECT_LT(std::fabs(beta[1]), 0.9);
}

TEST(ZoneAxisTilt, TheStageTurnsItAndTheTruthKnows) {
  auto twin = Tilted(6, -4);
  auto task = *ZoneAxisTilt::Create(twin.get(), SmallTilt());
  const auto before = *task->Reset(1);
  EXPECT_NEAR(before.info.at("tilt_mrad"), std::hypot(6, 4), 1e-9);
  const auto r = *task->Step(std::vector<float>{-6, 1});
  EXPECT_NEAR(r.reward, -3, 1e-3);
  EXPECT_NEAR(r.observation.at("settings")[0], -6, 0.051);  // the stage's resolution
  EXPECT_NEAR(r.observation.at("settings")[1], 1, 0.051);
  // Less than half of the tilt is left, and what was along y is gone.
  EXPECT_GT(r.observation.at("centredness")[0], 0.75f * before.observation.at("centredness")[0]);
  EXPECT_LT(std::fabs(r.observation.at("deflection")[1]), 0.9);
}

TEST(ZoneAxisTilt, RefusesAnInstrumentThatLacksWhatItNeeds) {
  const hw::Description whole = Tilted(0, 0)->description();
  const auto why = [&](const std::function<void(hw::Description*, ZoneAxisTiltOptions*)>& change) {
    ZoneAxisTiltOptions o = SmallTilt();
    o.reward_truth = false;
    return WhyRefused<ZoneAxisTilt>(whole, o, change);
  };
  EXPECT_EQ(why([](auto*, auto*) {}), "");
  EXPECT_THAT(why([](auto* d, auto*) { testing_support::RemoveProperty(d, "stage.beta"); }),
              HasSubstr("stage.beta"));
  EXPECT_THAT(why([](auto* d, auto*) { d->detectors.pop_back(); }), HasSubstr("'camera'"));
  EXPECT_THAT(why([](auto*, auto* o) { o->range_mrad = 600; }), HasSubstr("up to 500"));
  EXPECT_THAT(why([](auto*, auto* o) { o->pixels = 33; }), HasSubstr("divide the 64"));
  EXPECT_THAT(why([](auto*, auto* o) { o->reward_truth = true; }), HasSubstr("ground truth"));
}

}  // namespace
}  // namespace ronchi::env
