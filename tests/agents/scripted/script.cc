// What ScriptedAgent makes of a script, by one that counts.
#include "agents/scripted/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nlohmann/json.hpp"
#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

class Counting final : public Script {
 public:
  explicit Counting(double by) : by_(by) {}
  std::vector<double> Act(const env::Observation& o, int step) override {
    return {by_ * step, double(o.at("seen")[1])};
  }

 private:
  const double by_;
};

ScriptKind Counter() {
  return {.kind = "counter",
          .summary = "counts",
          .looks_at = {{"seen", {2}}},
          .action_size = 2,
          .numbers = {{"by", 3, {.min = 0, .max = 9}, "what to count by"}},
          .fits = [](const ScriptTask& task) { return NeedUnitOf(task, "seen"); },
          .begin = [](const ScriptTask& task) -> std::unique_ptr<Script> {
            return std::make_unique<Counting>(task.numbers.at("by"));
          }};
}

absl::StatusOr<std::unique_ptr<Policy>> MakeCounter(const env::Spec& spec,
                                                    const std::string& keys = "{}") {
  const Config config = *Config::Parse(keys, "agent");
  ConfigReader reader(config);
  const AgentPlan plan = ScriptedAgent(Counter()).read(reader);
  RONCHI_RETURN_IF_ERROR(reader.Done());
  EXPECT_EQ(plan.fits(spec), plan.make(spec, {}, 1).status());
  RONCHI_ASSIGN_OR_RETURN(Trained made, plan.make(spec, {}, 1));
  return std::move(made.policy);
}

const env::Observation kSeen = {{"seen", Array<float>({2}, {5, 6})},
                                {"other", Array<float>({1}, NAN)}};  // not looked at

TEST(ScriptedAgents, CountFromTheBeginningOfAnEpisode) {
  const auto policy = *MakeCounter(PairSpec("seen", "A"));
  EXPECT_EQ(policy->kind(), "counter");
  EXPECT_EQ(*policy->Act(kSeen), (Action{0, 6}));
  EXPECT_EQ(*policy->Act(kSeen), (Action{3, 6}));
  policy->Reset(9);
  EXPECT_EQ(*policy->Act(kSeen), (Action{0, 6}));
  const auto by_9 = *MakeCounter(PairSpec("seen", "A"), "{by: 9}");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(by_9->Act(kSeen).ok());
  EXPECT_EQ(*by_9->Act(kSeen), (Action{100, 6}));  // 180, brought into the space
}

TEST(ScriptedAgents, WhatDoesNotFitIsSaidInOneLine) {
  EXPECT_EQ(WhyNot(MakeCounter(PairSpec("scene", "A"))),
            "counter needs an observation \"seen\" of shape [2], of which there is none");
  env::Spec spec = PairSpec("seen", "A");
  spec.observation_space["seen"].shape = {3, 1};
  EXPECT_EQ(WhyNot(MakeCounter(spec)),
            "counter needs an observation \"seen\" of shape [2]; it has [3, 1]");
  spec = PairSpec("seen", "A");
  spec.action_space.shape = {4};
  EXPECT_EQ(WhyNot(MakeCounter(spec)), "counter needs an action of 2 numbers; this has 4");
  spec.action_space = env::DiscreteBox(3, "");
  EXPECT_EQ(WhyNot(MakeCounter(spec)),
            "counter needs an action of real numbers; this is one of 3 choices");
  EXPECT_THAT(WhyNot(MakeCounter(PairSpec("seen", "A"), "{by: 9.5}")),
              testing::HasSubstr("by: 9.5 is not allowed; allowed: 0 … 9"));
}

TEST(ScriptedAgents, RefuseAnObservationOfAnotherShape) {
  const auto policy = *MakeCounter(PairSpec("seen", "A"));
  EXPECT_TRUE(absl::IsInvalidArgument(policy->Act({}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(policy->Act({{"seen", Array<float>({3}, 0.0f)}}).status()));
  EXPECT_EQ(*policy->Act(kSeen), (Action{0, 6}));  // which did not count
}

TEST(ScriptedAgents, GoThroughAFile) {
  const AgentKind kind = ScriptedAgent(Counter());
  const auto policy = *MakeCounter(PairSpec("seen", "A"), "{by: 2}");
  nlohmann::json json = policy->ToJson();
  const auto loaded = kind.load(json);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_TRUE((*loaded)->Act(kSeen).ok());
  EXPECT_EQ(*(*loaded)->Act(kSeen), (Action{2, 6}));
  json["numbers"]["by"] = 10;
  EXPECT_EQ(WhyNot(kind.load(json)), "policy.numbers.by: 10 is not allowed; allowed: 0 … 9");
}

}  // namespace
}  // namespace ronchi::agents
