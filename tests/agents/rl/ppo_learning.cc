// Does it learn? Against the random policy, over unseen episodes.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "agents/classical/random_policy.h"
#include "agents/rl/ppo.h"
#include "tests/agents/cart_pole_environment.h"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

double MeanReward(const ToyOptions& toy, Policy& policy) {
  ToyEnvironment environment(toy, 0);
  double sum = 0;
  for (uint64_t seed = 900; seed < 930; ++seed) sum += RunToyEpisode(environment, policy, seed);
  return sum / 30;
}

PpoOptions Options(int64_t steps) {
  return {.total_steps = steps, .learning_rate = 1e-3, .gamma = 0.97, .initial_log_std = -1.2};
}

// The optimum is in one of two directions and one observation cannot tell which.
TEST(PpoLearning, TunesOneKnobFromNumbers) {
  const ToyOptions toy = {.dimension = 1};
  auto trained = MakePpoLearner(Options(40000))->Train(ToyFactory(toy), 3);
  ASSERT_TRUE(trained.ok()) << trained.status();
  const auto random = *RandomPolicy::Create(ToyEnvironment(toy, 0).spec().action_space);
  const double learned = MeanReward(toy, *trained->policy), chance = MeanReward(toy, *random);
  std::printf("ppo %.3f, random %.3f of the peak\n", learned / ToyEnvironment::kPeak,
              chance / ToyEnvironment::kPeak);
  // Six seeds end between 0.61 and 0.93 of the peak; chance is 0.31.
  EXPECT_GT(learned, 1.7 * chance);
  EXPECT_GT(trained->summary.curve.back().mean_return, trained->summary.curve[0].mean_return);
}

// The contrast is kept from it: only the image, of random phase, shows how far it is.
TEST(PpoLearning, TunesOneKnobFromImagesAlone) {
  ToyOptions toy = {.dimension = 1, .image_pixels = 16, .hide_contrast = true};
  auto trained = MakePpoLearner(Options(30000))->Train(ToyFactory(toy), 3);
  ASSERT_TRUE(trained.ok()) << trained.status();
  const auto random = *RandomPolicy::Create(ToyEnvironment(toy, 0).spec().action_space);
  const double learned = MeanReward(toy, *trained->policy), chance = MeanReward(toy, *random);
  std::printf("ppo %.3f, random %.3f of the peak\n", learned / ToyEnvironment::kPeak,
              chance / ToyEnvironment::kPeak);
  EXPECT_GT(learned, 1.7 * chance);  // six seeds: 0.67 … 0.88 of the peak
}

// The mean return of twenty episodes on the pole after 100,000 steps of training.
absl::StatusOr<double> ReturnOnThePole(uint64_t training_seed) {
  const EnvironmentFactory make =
      [](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    return std::make_unique<CartPoleEnvironment>(index);
  };
  RONCHI_ASSIGN_OR_RETURN(
      const auto trained,
      MakePpoLearner({.total_steps = 100000, .learning_rate = 1e-3, .gamma = 0.98})
          ->Train(make, training_seed));
  CartPoleEnvironment pole(0);
  double sum = 0;
  for (uint64_t seed = 500; seed < 520; ++seed) {
    trained.policy->Reset(seed);
    env::Observation observation = pole.Reset(seed)->observation;
    for (bool done = false; !done;) {
      const auto step = pole.Step(*trained.policy->Act(observation));
      sum += step->reward / 20;
      observation = step->observation;
      done = step->terminated || step->truncated;
    }
  }
  return sum;
}

// Against the field's yardstick: Stable-Baselines3's PPO, with tuned settings, holds a mean of 475
// after 60,000 to 78,000 steps; CleanRL's over 100,000 has a mean of 489 over seeds.
// Of ours, nine of ten seeds end at 499 or 500, and one at 326: the median is asked for, not all.
TEST(PpoLearning, BalancesThePoleAboutAsSoonAsItsPeersFromMostSeeds) {
  UseNetworkBackend(nullptr);  // our own networks
  std::vector<double> means;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto mean = ReturnOnThePole(seed);
    ASSERT_TRUE(mean.ok()) << mean.status();
    std::printf("cart-pole, seed %d: mean return %.0f of 500\n", int(seed), *mean);
    means.push_back(*mean);
  }
  UseNetworkBackend(&TorchNetworks());
  std::sort(means.begin(), means.end());
  EXPECT_GE((means[4] + means[5]) / 2, 475);
}

}  // namespace
}  // namespace ronchi::agents
