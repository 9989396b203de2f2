#include "agents/rl/actor_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "agents/policy_batch.h"
#include "agents/spaces.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

using ::testing::HasSubstr;

const env::DictSpace kSettings = {{"settings", {{2}, -100, 100, "nm", ""}}};

// A network without hidden layers, whose outputs are sums of inputs: settings [2] now, before, and
// the last action [2], or of three choices [3].
ActorPolicyParts PlainActor(const env::Box& action) {
  const FeatureLayout layout = *FeatureLayout::Create(kSettings, action);
  const size_t outputs = 2 * layout.action_size();
  const Mlp network({.inputs = layout.row_size(), .hidden = {}, .outputs = outputs});
  std::vector<float> parameters(network.size());
  parameters[0 * outputs + 0] = 0.01f;  // the first output: a hundredth of the first setting
  parameters[1 * outputs + 1] = 0.02f;
  parameters[4 * outputs + 1] = 1;                                  // and the last action's first
  parameters[network.layers()[0].bias + layout.action_size()] = 7;  // of no concern to the action
  return {.kind = "sac",
          .observation_space = kSettings,
          .action_space = action,
          .layout = layout,
          .network = network,
          .parameters = parameters,
          .moments = RunningMoments(layout.row_size())};
}

env::Observation Settings(float a, float b) { return {{"settings", Array<float>({2}, {a, b})}}; }

TEST(ActorPolicy, IsTheTanhOfTheFirstOutputsInTheBox) {
  const auto policy = MakeActorPolicy(PlainActor({{2}, -10, 30, "nm", ""}));
  const Action first = *policy->Act(Settings(50, -25));
  EXPECT_NEAR(first[0], 10 + 20 * std::tanh(0.5), 1e-5);
  EXPECT_NEAR(first[1], 10 + 20 * std::tanh(-0.5), 1e-5);
  const Action second = *policy->Act(Settings(50, -25));
  EXPECT_NEAR(second[1], 10 + 20 * std::tanh(-0.5 + std::tanh(0.5)), 1e-5);
  policy->Reset(1);
  EXPECT_EQ(*policy->Act(Settings(50, -25)), first);
}

TEST(ActorPolicy, OfChoicesItIsTheOneWithTheLargestOutput) {
  const auto policy = MakeActorPolicy(PlainActor(env::DiscreteBox(3, "")));
  EXPECT_EQ(*policy->Act(Settings(50, 20)), Action{0});
  policy->Reset(1);
  EXPECT_EQ(*policy->Act(Settings(-50, -20)), Action{2});  // whose output is 0
  policy->Reset(1);
  EXPECT_EQ(*policy->Act(Settings(5, 90)), Action{1});
}

TEST(ActorPolicy, NormalisesWhereItLearnedSo) {
  ActorPolicyParts parts = PlainActor({{2}, -1, 1, "", ""});
  // Two rows: 40 ± 20 of the first setting, 1 ± 1 of all else.
  const std::vector<float> rows = {20, 0, 0, 0, 0, 0, 60, 2, 2, 2, 2, 2};
  for (int i = 0; i < 10000; ++i) parts.moments.Update(std::span<const float>(rows));
  EXPECT_NEAR((*MakeActorPolicy(parts)->Act(Settings(50, 0)))[0], std::tanh(0.5), 1e-5);
  parts.normalise = true;
  const auto policy = MakeActorPolicy(parts);
  EXPECT_NEAR((*policy->Act(Settings(50, 0)))[0], std::tanh(0.005), 1e-6);
  policy->Reset(1);
  const auto read = ReadActorPolicy("sac", 2, policy->ToJson());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*(*read)->Act(Settings(50, 0)), *policy->Act(Settings(50, 0)));
}

TEST(ActorPolicy, ABatchActsAsThePolicyInEachEpisode) {
  const auto policy = MakeActorPolicy(PlainActor({{2}, -10, 30, "nm", ""}));
  const auto batch = policy->Batch(2);
  const std::vector<size_t> both = {1, 0};
  for (int step = 0; step < 2; ++step) {
    const auto together =
        *batch->Act(both, std::vector<env::Observation>{Settings(50, 1), Settings(-20, 3)});
    policy->Reset(0);
    for (int s = 0; s < step; ++s) (void)*policy->Act(Settings(50, 1));
    EXPECT_EQ(together[0], *policy->Act(Settings(50, 1)));
    policy->Reset(0);
    for (int s = 0; s < step; ++s) (void)*policy->Act(Settings(-20, 3));
    EXPECT_EQ(together[1], *policy->Act(Settings(-20, 3)));
  }
  EXPECT_FALSE(batch->Act(both, std::vector<env::Observation>{Settings(1, 1), {}}).ok());
}

TEST(ActorPolicy, ReadsWhatItWrites) {
  ActorPolicyParts parts = PlainActor({{2}, -10, 30, "nm", ""});
  parts.network = Mlp({.inputs = 6, .hidden = {5, 3}, .outputs = 4});
  parts.parameters.resize(parts.network.size());
  RandomStream stream({.seed = 1, .name = "test.actor"});
  parts.network.Initialise(stream, parts.parameters);
  const auto policy = MakeActorPolicy(parts);
  const nlohmann::json json = policy->ToJson();
  EXPECT_EQ(json.at("weights").size(), 6u);
  const auto read = ReadActorPolicy("sac", 2, json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->ToJson(), json);
  EXPECT_EQ((*read)->kind(), "sac");
  EXPECT_EQ(*(*read)->Act(Settings(30, -70)), *policy->Act(Settings(30, -70)));

  // Weights lie as others have them: a row an output.
  const auto first = *FloatsFromJson(json.at("weights").at("layer_0.weight"), 30);
  EXPECT_EQ(first[1 * 6 + 2], parts.parameters[2 * 5 + 1]);

  nlohmann::json large = json;
  large["hidden"] = {1000000, 3};
  const auto why = ReadActorPolicy("sac", 2, large).status();
  EXPECT_TRUE(absl::IsInvalidArgument(why));
  EXPECT_THAT(std::string(why.message()), HasSubstr("the file holds"));
  large["hidden"] = {0};
  EXPECT_FALSE(ReadActorPolicy("sac", 2, large).ok());
  nlohmann::json short_one = json;
  short_one["weights"]["layer_1.bias"] = "AAAA";
  EXPECT_THAT(std::string(ReadActorPolicy("sac", 2, short_one).status().message()),
              HasSubstr("policy.weights.layer_1.bias"));
}

TEST(ActorPolicy, ImagesAreNotForIt) {
  nlohmann::json json = MakeActorPolicy(PlainActor({{2}, -1, 1, "", ""}))->ToJson();
  json["observation_space"]["image"] = BoxToJson({{8, 8}, 0, 1e6f, "counts", ""});
  EXPECT_THAT(std::string(ReadActorPolicy("sac", 2, json).status().message()),
              HasSubstr("numbers and vectors"));
}

}  // namespace
}  // namespace ronchi::agents
