// A training that failed half-way goes on from its checkpoint to the bits of one that did not.
#include "agents/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "agents/kinds.h"
#include "core/files.h"
#include "nlohmann/json.hpp"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"
#include "tests/support/cheap_environment.h"

namespace ronchi::agents {
namespace {

using ::testing::HasSubstr;
using testing_support::CheapEnvironment;
using testing_support::CheapFactory;

struct Kind {
  std::string kind, keys;
  uint64_t fails_at;     // step of an environment's life: two thirds of the training
  bool vectors = false;  // it reads no images

  EnvironmentFactory Walk(uint64_t fails_at = 0) const {
    return CheapFactory({.vectors = vectors, .fails_at = fails_at});
  }
};

class Checkpoint : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/" + GetParam().kind + ".checkpoint";
    std::filesystem::remove(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  absl::StatusOr<Trained> Train(const EnvironmentFactory& make, bool with_file, uint64_t seed = 4) {
    std::string keys = GetParam().keys;
    if (with_file) keys += ", checkpoint: " + path_ + ", checkpoint_every: 1";
    const Config config = *Config::Parse("{" + keys + "}", "agent");
    ConfigReader reader(config);
    const AgentPlan plan = FindAgentKind(GetParam().kind)->read(reader);
    RONCHI_RETURN_IF_ERROR(reader.Done());
    return plan.make((*make(0))->spec(), make, seed);
  }
  std::string path_;
};

TEST_P(Checkpoint, GoesOnToTheSameBits) {
  const auto whole = Train(GetParam().Walk(), false);
  ASSERT_TRUE(whole.ok()) << whole.status();
  const auto failed = Train(GetParam().Walk(GetParam().fails_at), true);
  EXPECT_TRUE(absl::IsUnavailable(failed.status())) << failed.status();
  ASSERT_TRUE(std::filesystem::exists(path_));
  const auto resumed = Train(GetParam().Walk(), true);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->policy->ToJson(), whole->policy->ToJson());
  EXPECT_EQ(SummaryToJson(resumed->summary), SummaryToJson(whole->summary));
  // Once more: nothing is left to do, and it is the same.
  const auto again = Train(GetParam().Walk(), true);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->policy->ToJson(), whole->policy->ToJson());
}

TEST_P(Checkpoint, AnotherTrainingsIsRefused) {
  ASSERT_TRUE(Train(GetParam().Walk(), true).ok());
  const absl::Status other = Train(GetParam().Walk(), true, 5).status();
  EXPECT_TRUE(absl::IsInvalidArgument(other));
  EXPECT_THAT(std::string(other.message()), HasSubstr("seed is 4 there and 5 here"));
  const std::string bytes = *ReadFile(path_);
  for (const std::string& broken :
       {bytes.substr(0, bytes.size() / 2), std::string(), bytes + "x"}) {
    ASSERT_TRUE(WriteFileAtomically(path_, broken).ok());
    const absl::Status status = Train(GetParam().Walk(), true).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path_));
    EXPECT_EQ(*ReadFile(path_), broken) << "what cannot be read is not written over";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Checkpoint,
    testing::Values(
        // Rounds of 4 × 32 steps, six of them: 192 steps of an environment.
        Kind{"ppo", "train_steps: 768, rollout_steps: 32, hidden: 8", 128},
        // Rounds of 1000 steps, two and a half of them, in two environments.
        Kind{"sac",
             "train_steps: 2500, environments: 2, random_steps: 50, batch: 4, hidden: 8, "
             "replay: 900, noise_memory: 3, normalise: true",
             900, true},
        // Seven or so steps an episode: 4 generations of 2 × 2 episodes an environment.
        Kind{"cross_entropy", "population: 8, elites: 2, generations: 4, episodes: 2", 80}),
    [](const auto& param) { return param.param.kind; });

TEST(CheckpointOfAToy, WhoCannotSaysSoBeforeTheWork) {
  const std::string keys = "{train_steps: 512, checkpoint: " + testing::TempDir() + "/none}";
  const Config config = *Config::Parse(keys, "agent");
  ConfigReader reader(config);
  const AgentPlan plan = FindAgentKind("ppo")->read(reader);
  // The toy cannot be saved.
  const auto trained = plan.make(ToyEnvironment({}, 0).spec(), ToyFactory({}), 1);
  EXPECT_TRUE(absl::IsUnimplemented(trained.status())) << trained.status();
}

}  // namespace
}  // namespace ronchi::agents
