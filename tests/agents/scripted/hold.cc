#include <gtest/gtest.h>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

TEST(HoldScript, ChangesNothingOrAsLittleAsIsAllowed) {
  env::Spec spec = PairSpec("shift", "A");
  EXPECT_EQ(*(*MakeScript("hold", spec))->Act({}), (Action{0, 0}));  // it looks at nothing
  spec.action_space = env::VectorBox({-1, 0.5f, -3}, {1, 2, -0.25f}, "nm", "");
  EXPECT_EQ(*(*MakeScript("hold", spec))->Act({}), (Action{0, 0.5f, -0.25f}));
}

TEST(HoldScript, HasNoChoiceThatMeansNothing) {
  env::Spec spec = PairSpec("shift", "A");
  spec.action_space = env::DiscreteBox(4, "");
  EXPECT_EQ(WhyNot(MakeScript("hold", spec)),
            "hold needs an action of real numbers; this is one of 4 choices");
}

}  // namespace
}  // namespace ronchi::agents
