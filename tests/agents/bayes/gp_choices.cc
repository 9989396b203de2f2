#include "agents/bayes/gp_choices.h"

#include <gtest/gtest.h>

#include "agents/bayes/gp_learner.h"
#include "nlohmann/json.hpp"
#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

absl::StatusOr<GpChoices> ReadChoices(const std::string& yaml) {
  const Config config = *Config::Parse(yaml, "agent");
  ConfigReader reader(config);
  GpChoices choices;
  ReadGpChoices(reader, &choices);
  RONCHI_RETURN_IF_ERROR(reader.Done());
  return choices;
}

TEST(GpChoices, AConfigChoosesAndMistakesAreNamed) {
  const GpChoices read = *ReadChoices(
      "{kernel: matern32, acquisition: upper_confidence, beta: 9, noise_sd: 0.1, log_above: 2}");
  EXPECT_EQ(read.kernel, "matern32");
  EXPECT_EQ(read.acquisition, "upper_confidence");
  EXPECT_EQ(read.beta, 9);
  EXPECT_EQ(read.noise_sd, 0.1);
  EXPECT_EQ(read.log_above, 2);
  EXPECT_FALSE(ReadChoices("{}")->noise_sd.has_value());
  for (const char* mistake : {"{kernel: cosine}", "{acquisition: luck}", "{beta: -1}",
                              "{noise_sd: -0.1}", "{log_above: -1}"}) {
    EXPECT_FALSE(ReadChoices(mistake).ok()) << mistake;
  }
  EXPECT_FALSE(CheckGpChoices({.kernel = "cosine"}).ok());
  EXPECT_FALSE(CheckGpChoices({.acquisition = "luck"}).ok());
  EXPECT_FALSE(CheckGpChoices({.noise_sd = 0.0}).ok());
  EXPECT_FALSE(CheckGpChoices({.log_above = -1}).ok());
}

// By values that tell the kernels apart: at r = 1 with all scales 1.
TEST(GpChoices, EveryNameIsTheKernelOfThatName) {
  const Eigen::MatrixXd zero = Eigen::MatrixXd::Zero(1, 1), one = Eigen::MatrixXd::Ones(1, 1);
  const auto at_one = [&](const char* name) {
    return MakeKernel(name, 1)->Evaluate(zero, one, Eigen::VectorXd::Zero(2))(0, 0);
  };
  EXPECT_NEAR(at_one("matern12"), std::exp(-1), 1e-12);
  EXPECT_NEAR(at_one("matern32"), (1 + std::sqrt(3)) * std::exp(-std::sqrt(3)), 1e-12);
  EXPECT_NEAR(at_one("matern52"), (1 + std::sqrt(5) + 5.0 / 3) * std::exp(-std::sqrt(5)), 1e-12);
  EXPECT_NEAR(at_one("squared_exponential"), std::exp(-0.5), 1e-12);
}

// Linear below, logarithmic above, rising throughout: by the limits of the formula.
TEST(GpChoices, TheScaleIsLinearBelowAndLogarithmicAbove) {
  EXPECT_EQ(OnScale(0.3, 0), 0.3);
  EXPECT_EQ(OnScale(0, 2), 0);
  EXPECT_NEAR(OnScale(1e-3, 2), 1e-3 / 4, 1e-9);
  EXPECT_NEAR(OnScale(-1e-3, 2), -1e-3 / 4, 1e-9);
  EXPECT_NEAR(OnScale(2e4, 2), std::log(1e4), 1e-7);
  for (double y = -3; y < 3; y += 0.1) EXPECT_LT(OnScale(y, 0.5), OnScale(y + 0.1, 0.5));
}

std::vector<Action> ActionsOf(Policy& policy, int images) {
  ToyEnvironment environment(ToyOptions{}, 0);
  policy.Reset(3);
  std::vector<Action> actions;
  env::Observation observation = environment.Reset(3)->observation;
  for (int i = 0; i < images; ++i) {
    actions.push_back(*policy.Act(observation));
    observation = environment.Step(actions.back())->observation;
  }
  return actions;
}

// Each choice changes what is asked, and a policy file gives the same agent again.
TEST(GpChoices, APolicyActsOnThemAndKeepsThem) {
  const ToyEnvironment toy(ToyOptions{}, 0);
  const auto make = [&](const GpChoices& choices) {
    return *GpPolicy::Create(toy.spec().observation_space, toy.spec().action_space,
                             {.choices = choices});
  };
  const auto usual = ActionsOf(*make({}), 14);
  for (const GpChoices& other :
       {GpChoices{.kernel = "squared_exponential"}, GpChoices{.acquisition = "upper_confidence"},
        GpChoices{.acquisition = "thompson"}, GpChoices{.noise_sd = 0.05},
        GpChoices{.log_above = 0.01}}) {
    const auto policy = make(other);
    const auto actions = ActionsOf(*policy, 14);
    EXPECT_NE(actions, usual) << other.kernel << " " << other.acquisition;
    const auto again = GpPolicy::FromJson(policy->ToJson());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(ActionsOf(**again, 14), actions) << other.kernel << " " << other.acquisition;
  }
  EXPECT_FALSE(make({})->ToJson().contains("kernel"));
}

// BEACON's way (Pattison et al. 2025) finds the toy's optimum as the usual one does: of 20 seeds;
// what is promised is 18. So it does after a training, which learns of the kernel that is chosen.
TEST(GpChoices, SquaredExponentialAndUpperConfidenceFindTheOptimum) {
  const ToyEnvironment toy(ToyOptions{}, 0);
  const GpPolicyOptions options = {
      .choices = {.kernel = "squared_exponential", .acquisition = "upper_confidence"}};
  auto policy = *GpPolicy::Create(toy.spec().observation_space, toy.spec().action_space, options);
  EXPECT_GE(ToySuccesses(*policy, 20), 18);
  const auto trained = MakeGpLearner({.policy = options})->Train(ToyFactory({}), 7);
  ASSERT_TRUE(trained.ok()) << trained.status();
  EXPECT_EQ(trained->policy->ToJson().at("kernel"), "squared_exponential");
  EXPECT_GE(ToySuccesses(dynamic_cast<GpPolicy&>(*trained->policy), 20), 18);
}

}  // namespace
}  // namespace ronchi::agents
