#include "agents/bayes/gp_policy.h"

#include <gtest/gtest.h>

#include <chrono>

#include "agents/bayes/gp_learner.h"
#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

int CountSuccesses(GpPolicy& policy, int seeds) {
  int good = 0;
  ToyEnvironment environment(ToyOptions{}, 0);
  for (int seed = 0; seed < seeds; ++seed) {
    RunToyEpisode(environment, policy, 1000 + uint64_t(seed));
    const bool success = environment.Contrast() >= 0.95 * ToyEnvironment::kPeak;
    if (!success) {
      std::printf("seed %d ends at %.3f of the peak\n", seed,
                  environment.Contrast() / ToyEnvironment::kPeak);
    }
    good += success;
  }
  return good;
}

// Two runs of 20 seeds: what is promised is 18.
TEST(GpPolicy, FindsTheOptimumWithTrainedPrior) {
  auto trained = MakeGpLearner({})->Train(ToyFactory({}), 7);
  ASSERT_TRUE(trained.ok()) << trained.status();
  EXPECT_EQ(trained->summary.episodes, 4);
  EXPECT_EQ(trained->summary.curve.size(), 4u);
  EXPECT_FALSE(trained->summary.interrupted);
  auto& policy = dynamic_cast<GpPolicy&>(*trained->policy);
  EXPECT_GE(CountSuccesses(policy, 20), 18);
}

TEST(GpPolicy, FindsTheOptimumWithBroadPrior) {
  ToyEnvironment environment(ToyOptions{}, 0);
  auto policy =
      GpPolicy::Create(environment.spec().observation_space, environment.spec().action_space);
  ASSERT_TRUE(policy.ok());
  EXPECT_GE(CountSuccesses(**policy, 20), 18);
}

}  // namespace
}  // namespace ronchi::agents
