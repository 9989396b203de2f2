// Its own program: the flag of core/interrupt.h stays up once a signal came.
#include <gtest/gtest.h>

#include <csignal>

#include "agents/bayes/gp_learner.h"
#include "agents/rl/ppo.h"
#include "agents/rl/sac.h"
#include "core/interrupt.h"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

TEST(Interrupted, LearnersReturnWhatThereIs) {
  InstallInterruptHandlers();
  // The environment itself is interrupted at its hundredth step.
  struct Interrupting : ToyEnvironment {
    using ToyEnvironment::ToyEnvironment;
    int steps = 0;
    absl::StatusOr<env::Outcome> StepInto(std::span<const float> action,
                                          std::span<float> observation) override {
      if (++steps == 100) std::raise(SIGTERM);
      return ToyEnvironment::StepInto(action, observation);
    }
  };
  const EnvironmentFactory make =
      [](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    return std::make_unique<Interrupting>(ToyOptions{}, index);
  };
  auto gp = MakeGpLearner({})->Train(make, 1);
  ASSERT_TRUE(gp.ok()) << gp.status();
  EXPECT_TRUE(gp->summary.interrupted);
  EXPECT_EQ(gp->summary.episodes, 1);  // of 60 steps; the second was cut short
  EXPECT_EQ(gp->summary.steps, 100);
  ASSERT_NE(gp->policy, nullptr);
  auto ppo = MakePpoLearner({})->Train(ToyFactory({}), 1);  // interrupted from the start
  ASSERT_TRUE(ppo.ok()) << ppo.status();
  EXPECT_TRUE(ppo->summary.interrupted);
  EXPECT_EQ(ppo->summary.steps, 0);
  ToyEnvironment toy({}, 0);
  EXPECT_TRUE(ppo->policy->Act(toy.Reset(1)->observation).ok());
  auto sac = MakeSacLearner({})->Train(ToyFactory({}), 1);
  ASSERT_TRUE(sac.ok()) << sac.status();
  EXPECT_TRUE(sac->summary.interrupted);
  EXPECT_EQ(sac->summary.steps, 0);
  EXPECT_TRUE(sac->policy->Act(toy.Reset(1)->observation).ok());
  SetInterrupted(false);
}

}  // namespace
}  // namespace ronchi::agents
