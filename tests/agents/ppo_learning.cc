// Does it learn? Against the random policy, over unseen episodes.
#include <gtest/gtest.h>

#include "agents/classical/random_policy.h"
#include "agents/torch/ppo.h"
#include "tests/agents/toy_environment.h"

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
  EXPECT_GT(learned, 2 * chance);
  EXPECT_GT(learned, 0.8 * ToyEnvironment::kPeak);
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
  EXPECT_GT(learned, 1.7 * chance);
}

}  // namespace
}  // namespace ronchi::agents
