#include "agents/bayes/gp_policy.h"

#include <gtest/gtest.h>

#include <ctime>

#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

// Of 20 seeds; what is promised is 18.
TEST(GpPolicy, FindsTheOptimumWithBroadPrior) {
  ToyEnvironment environment(ToyOptions{}, 0);
  auto policy =
      GpPolicy::Create(environment.spec().observation_space, environment.spec().action_space);
  ASSERT_TRUE(policy.ok());
  EXPECT_GE(ToySuccesses(**policy, 20), 18);
}

TEST(GpPolicy, HoldsWithZeroActionsOnceItsBudgetIsSpent) {
  ToyEnvironment environment(ToyOptions{}, 0);
  auto policy = *GpPolicy::Create(environment.spec().observation_space,
                                  environment.spec().action_space, {.budget = 15});
  policy->Reset(1);
  env::Observation observation = environment.Reset(1)->observation;
  for (int image = 1; image <= 60; ++image) {
    const Action action = *policy->Act(observation);
    EXPECT_EQ(policy->holding(), image >= 15);
    if (image > 15) {
      EXPECT_EQ(action, (Action{0, 0, 0})) << image;
    }
    EXPECT_EQ(policy->optimizer().size(), size_t(image));  // held images are data too
    if (image < 60) observation = environment.Step(action)->observation;
  }
}

// An instrument that goes half as far as it is asked to: the model must learn of where it went.
TEST(GpPolicy, RecordsTheSettingsReportedNotThoseAskedFor) {
  const ToyEnvironment toy(ToyOptions{}, 0);
  auto policy = *GpPolicy::Create(toy.spec().observation_space, toy.spec().action_space);
  policy->Reset(1);
  std::vector<float> settings = {0, 0, 0};
  for (int image = 0; image < 12; ++image) {
    const Action action = *policy->Act(
        {{"contrast", Array<float>({1}, 0.1f)}, {"settings", Array<float>({3}, settings)}});
    const Eigen::VectorXd told = policy->optimizer().Inputs().bottomRows(1).transpose();
    for (int i = 0; i < 3; ++i) {
      EXPECT_NEAR(told[i] * 24 - 12, settings[i], 1e-5);
      settings[i] = std::clamp(settings[i] + action[i] / 2, -12.0f, 12.0f);
    }
  }
}

// At most 100 ms of this thread's processor time an image at a hundred images; it takes about one
// (bench/agents/gp_step.cc).
TEST(GpPolicy, KeepsUpWithAHundredImages) {
  ToyEnvironment toy({.max_steps = 100}, 0);
  auto policy =
      *GpPolicy::Create(toy.spec().observation_space, toy.spec().action_space, {.budget = 100});
  policy->Reset(1);
  env::Observation observation = toy.Reset(1)->observation;
  const auto used_s = [] {
    timespec t = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
  };
  double longest_s = 0;
  for (int image = 0; image < 100; ++image) {
    const double before_s = used_s();
    const Action action = *policy->Act(observation);
    longest_s = std::max(longest_s, used_s() - before_s);
    observation = toy.Step(action)->observation;
  }
  EXPECT_LT(longest_s, 0.1);
}

TEST(GpPolicy, RefusesWhatItCannotUse) {
  const ToyEnvironment toy(ToyOptions{}, 0);
  const auto& spec = toy.spec();
  auto refused = [&](const GpPolicyOptions& options) {
    return absl::IsInvalidArgument(
        GpPolicy::Create(spec.observation_space, spec.action_space, options).status());
  };
  EXPECT_TRUE(refused({.n_initial = 1}));
  EXPECT_TRUE(refused({.n_initial = 9, .budget = 8}));
  EXPECT_TRUE(refused({.prior = GpPrior::Broad(2)}));
  EXPECT_FALSE(refused({.prior = GpPrior::Broad(3)}));
  auto policy = *GpPolicy::Create(spec.observation_space, spec.action_space);
  EXPECT_TRUE(absl::IsInvalidArgument(policy->Act({}).status()));
}

}  // namespace
}  // namespace ronchi::agents
