#include <gtest/gtest.h>

#include <set>

#include "agents/classical/greedy_policy.h"
#include "agents/classical/nelder_mead_policy.h"
#include "agents/classical/random_policy.h"
#include "nlohmann/json.hpp"
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

std::unique_ptr<Policy> MakeNelderMead(const ToyEnvironment& toy) {
  return *NelderMeadPolicy::Create(toy.spec().observation_space, toy.spec().action_space);
}

// Without noise and from inside the peak the simplex must arrive.
TEST(NelderMeadPolicy, FindsAWideNoiselessPeak) {
  ToyEnvironment toy({.half_width_nm = 12, .noise = 0, .max_steps = 120}, 0);
  const auto policy = MakeNelderMead(toy);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    RunToyEpisode(toy, *policy, seed);
    // It goes on trying points about the best one after each restart, so the last settings are
    // near the optimum, not at it; the start is at 0.25 … 0.9 of the peak.
    EXPECT_GT(toy.Contrast(), 0.9 * ToyEnvironment::kPeak) << seed;
  }
}

TEST(NelderMeadPolicy, ImprovesOnTheStartWithNoise) {
  ToyEnvironment toy({.half_width_nm = 8}, 0);
  const auto policy = MakeNelderMead(toy);
  int better = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    (void)toy.Reset(seed);
    const double start = toy.Contrast();
    RunToyEpisode(toy, *policy, seed);
    better += toy.Contrast() > start;
  }
  EXPECT_GE(better, 18);  // a coin would give 18 or more with probability 2e-4
}

// Actions of 2 nm cannot reach the simplex's points at once: the values must still be those of the
// points asked for.
TEST(NelderMeadPolicy, WalksToPointsBeyondOneAction) {
  ToyEnvironment toy({.half_width_nm = 12, .noise = 0, .max_steps = 600, .action_nm = 2}, 0);
  const auto policy = MakeNelderMead(toy);
  for (uint64_t seed = 0; seed < 5; ++seed) {
    RunToyEpisode(toy, *policy, seed);
    EXPECT_GT(toy.Contrast(), 0.9 * ToyEnvironment::kPeak) << seed;
  }
}

TEST(KnobTask, RefusesWhatIsNotATaskOfItsKind) {
  const ToyEnvironment toy({}, 0);
  const env::DictSpace space = toy.spec().observation_space;
  const env::Box action = toy.spec().action_space;
  auto refused = [&](const env::DictSpace& s, const env::Box& a) {
    return absl::IsInvalidArgument(KnobTask::Create(s, a, {}).status());
  };
  EXPECT_FALSE(refused(space, action));
  env::DictSpace other = space;
  other.erase("contrast");
  EXPECT_TRUE(refused(other, action));
  other = space;
  other["settings"].unit = "m";
  EXPECT_TRUE(refused(other, action));
  other = space;
  other["settings"].high = INFINITY;
  EXPECT_TRUE(refused(other, action));
  EXPECT_TRUE(refused(space, {{2}, -1, 1, "nm", ""}));
  const auto task = *KnobTask::Create(space, action, {});
  env::Observation observation = {{"contrast", Array<float>({1}, 0.5f)},
                                  {"settings", Array<float>({3}, {-12, 0, 12})}};
  EXPECT_EQ(task.Read(observation)->settings, (std::vector<double>{0, 0.5, 1}));
  observation["settings"] = Array<float>({2}, 0.0f);
  EXPECT_TRUE(absl::IsInvalidArgument(task.Read(observation).status()));
  EXPECT_EQ(task.Toward({0, 0.5, 1}, {1, 0.5, 0.75}), (Action{24, 0, -6}));
}

}  // namespace
}  // namespace ronchi::agents
