// AberrationTuning-v1 beyond its first level, and the reward of the truth.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "env/aberration_tuning.h"
#include "hw/instrument/ground_truth.h"
#include "tests/support/column.h"
#include "tests/support/knowing.h"
#include "tests/support/lacking.h"
#include "theory/laws/phase_error.h"

namespace ronchi::env {
namespace {

using testing::HasSubstr;
using testing_support::TwinFromYaml;
using testing_support::WhyRefused;

constexpr const char* kTwin =
    "{preset: corrected_200kV, engine: linear, semiangle_mrad: 25, "
    "correctors_nm: {C21: 500, C23: 500, C30: 10000, C32: 10000, C34: 10000}, "
    "prior: {C21a_nm: [-200, 200], C23b_nm: [-200, 200], C34b_nm: [-3000, 3000]}}";

AberrationTuningOptions SmallLevel(int level, bool truth = false) {
  AberrationTuningOptions o;
  o.level = level;
  o.reward_truth = truth;
  o.pixels = 16;
  o.max_episode_steps = 4;
  o.dark_counts = 2;
  return o;
}

TEST(AberrationLevels, AddKnobsWithRangesOfTheirOwn) {
  auto twin = *hw::MakeTwin(TwinFromYaml(kTwin), 0);
  const size_t knobs[] = {3, 7, 12};
  for (int level : {1, 2, 3}) {
    auto task = *AberrationTuning::Create(twin.get(), SmallLevel(level));
    const size_t n = knobs[level - 1];
    const Box& action = task->spec().action_space;
    const Box& settings = task->spec().observation_space.at("settings");
    ASSERT_EQ(action.size(), n);
    ASSERT_EQ(settings.size(), n);
    const float last[] = {12, 300, 6000};
    EXPECT_EQ(settings.High(0), 12);
    EXPECT_EQ(settings.High(n - 1), last[level - 1]);
    EXPECT_EQ(action.Low(n - 1), -2 * last[level - 1]);
    ASSERT_TRUE(task->Reset(1).ok());
    std::vector<float> change(n);
    change.back() = 10;
    const auto r = *task->Step(change);
    EXPECT_NEAR(r.observation.at("settings")[n - 1], 10, 1);  // resolution: 2 nm of C34
    change.back() = action.High(n - 1);
    EXPECT_EQ(task->Step(change)->observation.at("settings")[n - 1], last[level - 1]);
  }
}

TEST(AberrationLevels, TheTruthRewardsWhatThePhaseErrorLoses) {
  auto twin = *hw::MakeTwin(TwinFromYaml(kTwin), 0);
  auto task = *AberrationTuning::Create(twin.get(), SmallLevel(3, true));
  const auto tune = testing_support::Knowing(task->spec(), twin.get());
  const auto error = [&] {
    return theory::RmsPhaseError_rad(twin->ground_truth()->Hidden(), {200e3, 0.025});
  };
  const auto reset = *task->Reset(4);
  EXPECT_EQ(reset.info.at("phase_error_rad"), error());
  const auto tuned = *task->Step(tune.act(reset.observation));
  EXPECT_NEAR(tuned.reward, reset.info.at("phase_error_rad") - error(), 1e-12);
  EXPECT_GT(tuned.reward, 0.5);
  EXPECT_LT(error(), 0.1);  // of the correctors' gains, 2 %, and walks
  std::vector<float> away(12);
  away[3] = 200;
  const double before = error();
  const double reward = task->Step(away)->reward;
  EXPECT_NEAR(reward, before - error(), 1e-12);
  EXPECT_GT(error(), before);
}

TEST(AberrationLevels, RefuseAnInstrumentThatLacksWhatTheyNeed) {
  const hw::Description whole = (*hw::MakeTwin(TwinFromYaml(kTwin), 0))->description();
  const auto why =
      [&](const std::function<void(hw::Description*, AberrationTuningOptions*)>& change) {
        return WhyRefused<AberrationTuning>(whole, SmallLevel(3), change);
      };
  EXPECT_EQ(why([](auto*, auto*) {}), "");
  EXPECT_THAT(why([](auto* d, auto*) { testing_support::RemoveProperty(d, "optics.C32.b"); }),
              HasSubstr("optics.C32.b"));
  EXPECT_THAT(why([](auto*, auto* o) { o->range_second_nm = 501; }), HasSubstr("up to 500"));
  EXPECT_THAT(why([](auto*, auto* o) { o->level = 4; }), HasSubstr("level"));
  EXPECT_THAT(why([](auto*, auto* o) { o->reward_truth = true; }), HasSubstr("ground truth"));
}

}  // namespace
}  // namespace ronchi::env
