#include <gtest/gtest.h>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

// A site that moves by 3 and −1 a step: after the first look it is always one step away.
TEST(FollowScript, LagsByOneStep) {
  const auto policy = *MakeScript("follow", PairSpec("shift", "A"));
  float x = 20, y = 5;  // of the site, from where one looks
  for (int step = 0; step < 5; ++step) {
    const Action action = *policy->Act({{"shift", Array<float>({2}, {x, y})}});
    x += 3 - action[0], y += -1 - action[1];
    EXPECT_FLOAT_EQ(x, 3) << step;
    EXPECT_FLOAT_EQ(y, -1) << step;
  }
}

TEST(FollowScript, NeedsTheShiftInTheUnitOfTheAction) {
  env::Spec spec = PairSpec("shift", "A");
  spec.action_space.unit = "nm";
  EXPECT_EQ(WhyNot(MakeScript("follow", spec)),
            "follow needs actions in the unit of \"shift\", A; they are in nm");
  EXPECT_EQ(WhyNot(MakeScript("follow", PairSpec("drift", "A"))),
            "follow needs an observation \"shift\" of shape [2], of which there is none");
}

}  // namespace
}  // namespace ronchi::agents
