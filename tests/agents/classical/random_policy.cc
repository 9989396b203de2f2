#include "agents/classical/random_policy.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

TEST(RandomPolicy, StaysInsideAndCoversTheSpace) {
  const env::Box space = {{3}, -0.1f, 0.3f, "nm", ""};
  const auto policy = *RandomPolicy::Create(space);
  policy->Reset(4);
  float least = 1, most = -1;
  std::set<float> seen;
  for (int i = 0; i < 1000; ++i) {
    const Action action = *policy->Act({});
    ASSERT_TRUE(env::CheckAction(space, action).ok());
    for (float a : action) {
      least = std::min(least, a);
      most = std::max(most, a);
      seen.insert(a);
    }
  }
  // 3000 draws leave out 1 % of the range at an end with probability e^{-30}.
  EXPECT_LT(least, -0.096f);
  EXPECT_GT(most, 0.296f);
  EXPECT_GT(seen.size(), 2900u);
}

TEST(RandomPolicy, IsAFunctionOfTheSeed) {
  const env::Box space = {{2}, -1, 1, "", ""};
  const auto policy = *RandomPolicy::Create(space);
  auto draw = [&](uint64_t seed) {
    policy->Reset(seed);
    return std::vector<Action>{*policy->Act({}), *policy->Act({})};
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
  EXPECT_NE(draw(1)[0], draw(1)[1]);
}

TEST(RandomPolicy, RefusesAnUnboundedSpace) {
  EXPECT_TRUE(absl::IsInvalidArgument(RandomPolicy::Create({{1}, -1, INFINITY, "", ""}).status()));
}

}  // namespace
}  // namespace ronchi::agents
