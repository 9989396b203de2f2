// The policy about a network whose answers are plain: the actor gives the settings as it sees them.
#include "agents/rl/ppo_policy.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "agents/policy_batch.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

constexpr size_t kWidth = 6;  // settings [2] now, before, and the last action [2]

class Echo final : public ActorCritic {
 public:
  absl::StatusOr<ActorCriticOutputs> Forward(std::span<const float> rows) override {
    seen.assign(rows.begin(), rows.end());
    ActorCriticOutputs out;
    for (size_t i = 0; i < rows.size(); i += kWidth) {
      out.actor.insert(out.actor.end(), {rows[i], rows[i + 1]});
      out.critic.push_back(0);
    }
    return out;
  }
  absl::StatusOr<std::vector<float>> Gradient(std::span<const float>, const OfOutputs&) override {
    return absl::UnimplementedError("");
  }
  std::vector<Part> parts() const override { return {{"one", 1}, {"two", 2}}; }
  std::vector<float> Parameters() const override { return {1, 2, 3}; }
  absl::Status SetParameters(std::span<const float>) override { return absl::OkStatus(); }

  std::vector<float> seen;
};

struct Made {
  std::shared_ptr<Echo> network = std::make_shared<Echo>();
  std::unique_ptr<Policy> policy;
  Made() {
    const env::DictSpace space = {{"settings", {{2}, -100, 100, "nm", ""}}};
    const env::Box action = {{2}, -10, 30, "nm", ""};
    RunningMoments moments(kWidth);
    // Two rows a ± 4, whose mean is a and whose variance is 16, for the settings now.
    const std::array<float, 2 * kWidth> rows = {6, -4, 0, 0, 0, 0, -2, 4, 0, 0, 0, 0};
    for (int i = 0; i < 100000; ++i) moments.Update(std::span<const float>(rows));
    policy = MakePpoPolicy({.observation_space = space,
                            .action_space = action,
                            .layout = *FeatureLayout::Create(space, action),
                            .hidden = 1,
                            .moments = moments,
                            .log_std = {0, 0},
                            .network = network});
  }
  Action Act(float a, float b) { return *policy->Act({{"settings", Array<float>({2}, {a, b})}}); }
};

// (3 − 2)/4 and (−2 − 0)/4, from −1 … 1 to −10 … 30; the moments' beginning weighs 1e-9.
TEST(PpoPolicy, NormalisesTheRowAndScalesTheAnswer) {
  Made made;
  const Action action = made.Act(3, -2);
  EXPECT_NEAR(action[0], 10 + 20 * 0.25, 1e-4);
  EXPECT_NEAR(action[1], 10 - 20 * 0.5, 1e-4);
  EXPECT_EQ(made.Act(90, -90), (Action{30, -10}));  // clipped
}

TEST(PpoPolicy, RemembersTheEpisodeUntilItIsReset) {
  Made made;
  made.Act(4, 0);
  const std::vector<float> first = made.network->seen;
  made.Act(4, 0);
  EXPECT_NE(made.network->seen, first);  // the last action is in the row now
  made.policy->Reset(5);
  made.Act(4, 0);
  EXPECT_EQ(made.network->seen, first);
}

TEST(PpoPolicy, ABatchActsAsThePolicyInEachEpisode) {
  Made made;
  const auto batch = made.policy->Batch(2);
  ASSERT_TRUE(batch);
  const std::vector<size_t> both = {1, 0};
  const env::Observation a = {{"settings", Array<float>({2}, {1, 2})}},
                         b = {{"settings", Array<float>({2}, {-3, 1})}};
  const auto together = *batch->Act(both, std::vector<env::Observation>{a, b});
  EXPECT_EQ(together[0], made.Act(1, 2));
  made.policy->Reset(0);
  EXPECT_EQ(together[1], made.Act(-3, 1));
  EXPECT_FALSE(batch->Act(both, std::vector<env::Observation>{a, {}}).ok());
}

TEST(PpoPolicy, WritesItsWeightsPartByPart) {
  const nlohmann::json json = Made().policy->ToJson();
  EXPECT_EQ(json.at("weights").at("two"), "AAAAQAAAQEA=");  // 2 and 3, little endian
  EXPECT_EQ(json.at("weights").size(), 3u);
  nlohmann::json large = json;
  large["hidden"] = 1000000;
  EXPECT_EQ(ReadPpoPolicy(large).status(),
            absl::InvalidArgumentError(
                "policy.hidden: 1000000 x 1000000 units need 1.00001e+12 weights or "
                "more; the file holds 6"));
  large = json;
  large["normalisation"] = RunningMoments(3).ToJson();
  EXPECT_EQ(ReadPpoPolicy(large).status(),
            absl::InvalidArgumentError("the normalisation does not fit the spaces"));
}

}  // namespace
}  // namespace ronchi::agents
