#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

// What the beam tilts by, alpha and beta, moves the pattern along −y and +x by half as much.
class TiltedPattern {
 public:
  env::Observation Look() const {
    return {{"deflection", Array<float>({2}, {beta_ / 2, -alpha_ / 2})}};
  }
  void Tilt(const Action& by) { alpha_ += by[0], beta_ += by[1]; }
  float alpha() const { return alpha_; }
  float beta() const { return beta_; }

 private:
  float alpha_ = 8, beta_ = -4;
};

TEST(CentreScript, ClosesTheLoopByOneLessHalfTheGain) {
  const std::pair<const char*, float> left[] = {
      {"{gain: 2}", 0.0f}, {"{gain: 1}", 0.5f}, {"{}", 0.25f}};
  for (const auto& [keys, rest] : left) {
    const auto policy = MakeScript("centre", PairSpec("deflection", "mrad"), keys);
    ASSERT_TRUE(policy.ok()) << policy.status();
    TiltedPattern pattern;
    pattern.Tilt(*(*policy)->Act(pattern.Look()));
    EXPECT_FLOAT_EQ(pattern.alpha(), 8 * rest) << keys;
    EXPECT_FLOAT_EQ(pattern.beta(), -4 * rest) << keys;
  }
}

TEST(CentreScript, StaysInsideTheActionSpace) {
  const auto policy = *MakeScript("centre", PairSpec("deflection", "mrad"), "{gain: 100}");
  EXPECT_EQ(*policy->Act({{"deflection", Array<float>({2}, {2, -3})}}), (Action{-100, -100}));
}

TEST(CentreScript, RefusesAnotherUnitAndAGainOfNothing) {
  env::Spec spec = PairSpec("deflection", "mrad");
  spec.action_space.unit = "nm";
  EXPECT_EQ(WhyNot(MakeScript("centre", spec)),
            "centre needs actions in the unit of \"deflection\", mrad; they are in nm");
  EXPECT_THAT(WhyNot(MakeScript("centre", PairSpec("deflection", "mrad"), "{gain: 0}")),
              testing::HasSubstr("gain: 0 is not allowed"));
}

}  // namespace
}  // namespace ronchi::agents
