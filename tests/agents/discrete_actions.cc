// Environments whose action is one of several choices: checked, drawn, learned, saved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "agents/kinds.h"
#include "agents/policy_file.h"
#include "agents/spaces.h"
#include "env/vector_environment.h"
#include "env/wrappers/clip_action.h"
#include "env/wrappers/rescale_action.h"
#include "nlohmann/json.hpp"
#include "tests/agents/corridor_environment.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Trained> Make(const std::string& kind, const std::string& keys, uint64_t seed) {
  const Config config = *Config::Parse(keys, "agent");
  ConfigReader reader(config);
  const AgentPlan plan = FindAgentKind(kind)->read(reader);
  RONCHI_RETURN_IF_ERROR(reader.Done());
  return plan.make(CorridorEnvironment(0).spec(), MakeCorridor, seed);
}

// Mean return of unseen episodes. Always towards the goal gives −6.4, chance about −34.
double MeanReturn(Policy& policy) {
  CorridorEnvironment corridor(5);
  double sum = 0;
  constexpr int kEpisodes = 60;
  for (uint64_t seed = 0; seed < kEpisodes; ++seed) {
    policy.Reset(seed);
    env::Observation o = corridor.Reset(seed)->observation;
    for (bool done = false; !done;) {
      const absl::StatusOr<Action> action = policy.Act(o);
      EXPECT_TRUE(action.ok()) << action.status();
      auto step = corridor.Step(*action);
      EXPECT_TRUE(step.ok()) << step.status();
      sum += step->reward / kEpisodes;
      done = step->truncated;
      o = std::move(step->observation);
    }
  }
  return sum;
}
double Best() {
  CorridorEnvironment corridor(5);
  double sum = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    double left = std::abs(corridor.Reset(seed)->observation.at("goal")[0]);
    for (int t = 0; t < CorridorEnvironment::kSteps; ++t) sum -= (left = std::max(0.0, left - 1));
  }
  return sum / 60;
}

TEST(DiscreteActions, AreOneWholeNumberOfThoseThereAre) {
  const env::Box space = CorridorEnvironment(0).spec().action_space;
  const auto check = [&](std::vector<float> action) {
    return std::string(env::CheckAction(space, action).message());
  };
  for (float choice : {0.0f, 1.0f, 2.0f}) EXPECT_EQ(check({choice}), "");
  EXPECT_THAT(check({1.5f}), HasSubstr("whole numbers of 0 … 2"));
  EXPECT_THAT(check({3}), HasSubstr("0 … 2"));
  EXPECT_THAT(check({-1}), HasSubstr("0 … 2"));
  EXPECT_THAT(check({1, 1}), HasSubstr("expected 1"));
  const auto vector = *env::VectorEnvironment::Create(MakeCorridor, {.environments = 2});
  ASSERT_TRUE(vector->Reset(1).ok());
  EXPECT_TRUE(vector->Step(std::vector<float>{0, 2}).ok());
  EXPECT_THAT(std::string(vector->Step(std::vector<float>{0, 0.5f}).message()),
              HasSubstr("environment 1: action 0.5"));
}

TEST(DiscreteActions, AreNeitherRescaledNorClipped) {
  EXPECT_THAT(std::string(env::RescaleAction::Create(*MakeCorridor(0), -1, 1).status().message()),
              HasSubstr("3 choices"));
  env::ClipAction clip(*MakeCorridor(0));
  ASSERT_TRUE(clip.Reset(1).ok());
  EXPECT_EQ(clip.spec().action_space.choices, 3);
  EXPECT_TRUE(absl::IsInvalidArgument(clip.Step(std::vector<float>{7}).status()));
}

TEST(DiscreteActions, GoThroughJson) {
  const env::Box space = CorridorEnvironment(0).spec().action_space;
  nlohmann::json json = BoxToJson(space);
  EXPECT_EQ(BoxFromJson(json).choices, 3);
  EXPECT_EQ(BoxToJson(BoxFromJson(json)), json);
  json["choices"] = 7;  // with bounds of 3
  EXPECT_THROW(BoxFromJson(json), nlohmann::json::exception);
  EXPECT_EQ(ClampAction(space, std::vector<double>{1.6}), Action{2});
  EXPECT_EQ(ClampAction(space, std::vector<double>{-4}), Action{0});
}

TEST(DiscreteActions, AreDrawnEvenly) {
  const auto random = Make("random", "{}", 1);
  ASSERT_TRUE(random.ok()) << random.status();
  std::array<int, 3> counts{};
  constexpr int kDraws = 3000;
  for (int i = 0; i < kDraws; ++i) ++counts[size_t((*random->policy->Act({}))[0])];
  // Five standard deviations of a binomial number.
  for (int count : counts) EXPECT_NEAR(count, kDraws / 3.0, 5 * std::sqrt(kDraws * 2 / 9.0));
}

TEST(DiscreteActions, AreRefusedByWhoChangesSettings) {
  for (const char* kind : {"hold", "gp", "nelder_mead", "greedy", "follow"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Make(kind, "{}", 1).status())) << kind;
  }
  EXPECT_THAT(std::string(Make("hold", "{}", 1).status().message()), HasSubstr("3 choices"));
}

class DiscreteLearners : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(DiscreteLearners, FindTheGoalAndComeBackFromAFile) {
  const auto& [kind, keys] = GetParam();
  auto trained = Make(kind, keys, 3);
  ASSERT_TRUE(trained.ok()) << trained.status();
  const auto random = Make("random", "{}", 3);
  const double learned = MeanReturn(*trained->policy), chance = MeanReturn(*random->policy);
  std::printf("%s %.2f, chance %.2f, best %.2f\n", kind.c_str(), learned, chance, Best());
  // Three quarters of the way from chance to the best.
  EXPECT_GT(learned, chance + 0.75 * (Best() - chance));
  const std::string path = testing::TempDir() + "/discrete_" + kind + ".json";
  ASSERT_TRUE(SavePolicy(*trained->policy, {}, path).ok());
  auto loaded = LoadPolicy(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(MeanReturn(**loaded), learned);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, DiscreteLearners,
    testing::Values(std::pair{"ppo", "{train_steps: 20000, learning_rate: 1.0e-3}"},
                    std::pair{"cross_entropy", "{generations: 20, episodes: 4}"}),
    [](const auto& param) { return param.param.first; });

}  // namespace
}  // namespace ronchi::agents
