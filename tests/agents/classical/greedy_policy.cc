#include "agents/classical/greedy_policy.h"

#include <gtest/gtest.h>

#include "nlohmann/json.hpp"
#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

TEST(GreedyPolicy, AimsAtTheNeighbourNearestToTheGoal) {
  const env::DictSpace space = {{"goal", {{2}, -100, 100, "A", ""}},
                                {"neighbours", {{3, 2}, -100, 100, "A", ""}},
                                {"time", {{1}, 0, 600, "s", ""}}};
  const env::Box plain = {{2}, -1.42f, 1.42f, "A", ""};
  const env::Box timed = env::VectorBox({-1.42f, -1.42f, 1}, {1.42f, 1.42f, 5}, "A, A, s", "");
  env::Observation observation = {
      {"goal", Array<float>({2}, {0, 8})},
      {"neighbours", Array<float>({3, 2}, {1.4f, 0.2f, -0.6f, 0.8f, -0.9f, -1.1f})}};
  const auto policy = *GreedyPolicy::Create(space, plain);
  const Action action = *policy->Act(observation);
  ASSERT_EQ(action.size(), 2u);  // (−0.6, 0.8) made as long as a bond
  EXPECT_NEAR(action[0], -0.6 * 1.42, 1e-6);
  EXPECT_NEAR(action[1], 0.8 * 1.42, 1e-6);
  const auto nearer = *GreedyPolicy::Create(space, timed, {.aim_A = 1.2, .dwell_s = 2});
  const auto again = *GreedyPolicy::FromJson(nearer->ToJson());
  const Action with_time = *again->Act(observation);
  ASSERT_EQ(with_time.size(), 3u);
  EXPECT_NEAR(with_time[1], 0.8 * 1.2, 1e-6);
  EXPECT_EQ(with_time[2], 2);
  observation.erase("goal");
  EXPECT_TRUE(absl::IsInvalidArgument(policy->Act(observation).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(GreedyPolicy::Create({}, plain).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(GreedyPolicy::Create(space, {{4}, -1, 1, "", ""}).status()));
}

}  // namespace
}  // namespace ronchi::agents
