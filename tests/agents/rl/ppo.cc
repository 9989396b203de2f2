#include "agents/rl/ppo.h"

#include <gtest/gtest.h>

#include "agents/classical/random_policy.h"
#include "agents/features.h"
#include "nlohmann/json.hpp"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

PpoOptions Small() {
  PpoOptions options;
  options.total_steps = 1024;
  options.rollout_steps = 64;
  options.epochs = 2;
  options.hidden = 16;
  return options;
}

TEST(Ppo, TheSameSeedGivesTheSameWeights) {
  ToyOptions toy{.dimension = 2, .image_pixels = 12, .end_at_optimum = true};
  auto weights = [&](uint64_t seed) {
    auto trained = MakePpoLearner(Small())->Train(ToyFactory(toy), seed);
    EXPECT_TRUE(trained.ok()) << trained.status();
    EXPECT_EQ(trained->summary.steps, 1024);
    EXPECT_GE(trained->summary.episodes, 4 * (256 / 60));  // of 4 environments
    return trained->policy->ToJson().dump();
  };
  const std::string first = weights(5);
  EXPECT_EQ(first, weights(5));
  EXPECT_NE(first, weights(6));
}

TEST(Ppo, RefusesWhatItCannotUse) {
  PpoOptions options = Small();
  options.epochs = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(MakePpoLearner(options)->Train(ToyFactory({}), 1).status()));
}

}  // namespace
}  // namespace ronchi::agents
