// Does it learn? Against the random policy, over unseen episodes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "agents/classical/random_policy.h"
#include "agents/rl/ppo.h"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"
#include "tests/support/classic_tasks.h"

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

// The mean return of a hundred unseen episodes after training.
absl::StatusOr<double> ReturnOf(const EnvironmentFactory& make, const PpoOptions& options,
                                uint64_t training_seed) {
  RONCHI_ASSIGN_OR_RETURN(const auto trained, MakePpoLearner(options)->Train(make, training_seed));
  RONCHI_ASSIGN_OR_RETURN(const auto task, make(1000));  // no training has this number
  double sum = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    trained.policy->Reset(seed);
    env::Observation observation = task->Reset(seed)->observation;
    for (bool done = false; !done;) {
      const auto step = task->Step(*trained.policy->Act(observation));
      sum += step->reward / 100;
      observation = step->observation;
      done = step->terminated || step->truncated;
    }
  }
  return sum;
}

// Sorted, of seeds 1 to n, on our own networks.
std::vector<double> ReturnsOf(const char* name, const EnvironmentFactory& make,
                              const PpoOptions& options, uint64_t n) {
  UseNetworkBackend(nullptr);
  std::vector<double> means;
  for (uint64_t seed = 1; seed <= n; ++seed) {
    const auto mean = ReturnOf(make, options, seed);
    EXPECT_TRUE(mean.ok()) << mean.status();
    std::printf("%s, seed %d: mean return %.1f\n", name, int(seed), mean.value_or(-INFINITY));
    means.push_back(mean.value_or(-INFINITY));
  }
  UseNetworkBackend(&TorchNetworks());
  std::ranges::sort(means);
  return means;
}

// Against the field's yardstick: Stable-Baselines3's PPO, with tuned settings, holds a mean of 475
// after 60,000 to 78,000 steps; CleanRL's over 100,000 has a mean of 489 over seeds. The discount
// matters: at 0.98, which looks a second ahead, three of ten seeds let the cart drift off the track
// with the pole upright; at 0.99 all ten return 500. One is left to chance and round-off.
TEST(PpoLearning, BalancesThePoleAboutAsSoonAsItsPeers) {
  const auto means =
      ReturnsOf("cart-pole", testing_support::ClassicFactory<testing_support::CartPoleTask>(),
                {.total_steps = 100000, .learning_rate = 1e-3}, 10);
  EXPECT_GE(means[1], 475);
}

// rl-zoo3's PPO has −73.5 ± 18 over episodes after a million steps, CleanRL's −86.4 over seeds.
TEST(PpoLearning, SwingsTheAcrobotUp) {
  const auto means =
      ReturnsOf("acrobot", testing_support::ClassicFactory<testing_support::AcrobotTask>(),
                {.total_steps = 200000, .environments = 16, .learning_rate = 1e-3}, 5);
  EXPECT_GE(means[2], -90);
}

}  // namespace
}  // namespace ronchi::agents
