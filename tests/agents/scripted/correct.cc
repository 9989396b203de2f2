#include <gtest/gtest.h>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

env::Spec CorrectorSpec() {
  env::Spec spec = PairSpec("measured", "nm");
  spec.observation_space["settings"] = spec.observation_space["measured"];
  spec.observation_space["angle"] = {{1}, 0, 80, "mrad", "angle"};
  return spec;
}
env::Observation Seen(std::vector<float> measured, std::vector<float> settings, float angle = 9) {
  return {{"measured", Array<float>({2}, std::move(measured))},
          {"settings", Array<float>({2}, std::move(settings))},
          {"angle", Array<float>({1}, {angle})}};
}

TEST(CorrectScript, TakesOutWhatWasMeasured) {
  const auto policy = *MakeScript("correct", CorrectorSpec(), "{memory: 0}");
  const Action action = *policy->Act(Seen({8, -3}, {0, 0}));
  EXPECT_FLOAT_EQ(action[0], -8);
  EXPECT_FLOAT_EQ(action[1], 3);
  const auto half = *MakeScript("correct", CorrectorSpec(), "{memory: 0, gain: 0.5}");
  EXPECT_FLOAT_EQ((*half->Act(Seen({8, -3}, {0, 0})))[0], -4);
}

// Measured 8, 8 taken out, then 3 measured where 0 was due: with equal weights 1.5 is left, not 3.
TEST(CorrectScript, RemembersBroughtUpToDate) {
  const auto policy = *MakeScript("correct", CorrectorSpec(), "{memory: 1}");
  ASSERT_TRUE(policy->Act(Seen({8, 0}, {0, 0})).ok());
  const Action second = *policy->Act(Seen({3, 0}, {-8, 0}));
  EXPECT_FLOAT_EQ(second[0], -1.5f);
  // A third look, where 1.5 was taken out and -1.5 is measured: the mean of 0, 3 and 0, less 1.5.
  const Action third = *policy->Act(Seen({-1.5f, 0}, {-9.5f, 0}));
  EXPECT_FLOAT_EQ(third[0], 0.5f);
}

// What failed says nothing: what was known, less what was done since, still stands.
TEST(CorrectScript, AFailedMeasurementIsNone) {
  const auto policy = *MakeScript("correct", CorrectorSpec(), "{memory: 0.5}");
  ASSERT_TRUE(policy->Act(Seen({8, 0}, {0, 0})).ok());
  const Action again = *policy->Act(Seen({8, 0}, {-6, 0}, 0));  // a knob that stopped short
  EXPECT_FLOAT_EQ(again[0], -2);
}

TEST(CorrectScript, NeedsMeasurementsInTheUnitOfTheAction) {
  env::Spec spec = CorrectorSpec();
  spec.action_space.unit = "mrad";
  EXPECT_NE(WhyNot(MakeScript("correct", spec)).find("unit"), std::string::npos);
}

}  // namespace
}  // namespace ronchi::agents
