#include "agents/bayes/gp_learner.h"

#include <gtest/gtest.h>

#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

// Of 20 seeds; what is promised is 18.
TEST(GpLearner, FindsTheOptimumWithTrainedPrior) {
  auto trained = MakeGpLearner({})->Train(ToyFactory({}), 7);
  ASSERT_TRUE(trained.ok()) << trained.status();
  EXPECT_EQ(trained->summary.episodes, 4);
  EXPECT_EQ(trained->summary.curve.size(), 4u);
  EXPECT_FALSE(trained->summary.interrupted);
  auto& policy = dynamic_cast<GpPolicy&>(*trained->policy);
  EXPECT_GE(ToySuccesses(policy, 20), 18);
}

}  // namespace
}  // namespace ronchi::agents
