// Several episodes side by side are what they would be one by one.
#include "agents/policy_batch.h"

#include <gtest/gtest.h>

#include "agents/classical/nelder_mead_policy.h"
#include "agents/classical/random_policy.h"
#include "agents/rl/ppo.h"
#include "nlohmann/json.hpp"
#include "tests/agents/toy_environment.h"
#include "tests/agents/with_torch.h"

namespace ronchi::agents {
namespace {

const ToyOptions kToy = {.max_steps = 12, .image_pixels = 8};

std::unique_ptr<Policy> Make(const std::string& kind) {
  const env::Spec spec = ToyEnvironment(kToy, 0).spec();
  if (kind == "random") return *RandomPolicy::Create(spec.action_space);
  if (kind == "nelder_mead") {
    return *NelderMeadPolicy::Create(spec.observation_space, spec.action_space);
  }
  const PpoOptions options{.total_steps = 256, .rollout_steps = 64, .epochs = 1, .hidden = 16};
  return std::move(MakePpoLearner(options)->Train(ToyFactory(kToy), 3)->policy);
}

class Batch : public testing::TestWithParam<std::string> {};

// Episode i begins i steps late, so that the batch is of those that are under way.
TEST_P(Batch, IsTheEpisodesOneByOne) {
  const std::unique_ptr<Policy> policy = Make(GetParam());
  constexpr size_t kEpisodes = 3;
  auto batch = MakeBatch(*policy, kEpisodes);
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_EQ((*batch)->size(), kEpisodes);
  std::vector<std::vector<env::Observation>> seen(kEpisodes);
  std::vector<std::vector<Action>> acted(kEpisodes);
  std::vector<std::unique_ptr<ToyEnvironment>> toys;
  for (size_t i = 0; i < kEpisodes; ++i) {
    toys.push_back(std::make_unique<ToyEnvironment>(kToy, i));
    seen[i].push_back(toys[i]->Reset(5)->observation);
    (*batch)->Reset(i, 40 + i);
  }
  for (size_t t = 0; t < 10; ++t) {
    std::vector<size_t> episodes;
    std::vector<env::Observation> present;
    for (size_t i = 0; i < kEpisodes && i <= t; ++i) {
      episodes.push_back(i);
      present.push_back(seen[i].back());
    }
    const auto actions = (*batch)->Act(episodes, present);
    ASSERT_TRUE(actions.ok()) << actions.status();
    for (size_t k = 0; k < episodes.size(); ++k) {
      acted[episodes[k]].push_back((*actions)[k]);
      auto step = toys[episodes[k]]->Step((*actions)[k]);
      ASSERT_TRUE(step.ok()) << step.status();
      seen[episodes[k]].push_back(std::move(step->observation));
    }
  }
  for (size_t i = 0; i < kEpisodes; ++i) {
    policy->Reset(40 + i);
    for (size_t t = 0; t < acted[i].size(); ++t) {
      const Action alone = *policy->Act(seen[i][t]);
      for (size_t j = 0; j < alone.size(); ++j) {
        // A network's sums are rounded otherwise for several rows at once: float32, of a range of
        // 24 nm and a few hundred terms.
        EXPECT_NEAR(acted[i][t][j], alone[j], GetParam() == "ppo" ? 2e-4 : 0) << i << " " << t;
      }
    }
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(
          (*batch)->Act(std::vector<size_t>{0}, std::vector<env::Observation>(1)).status()) ||
      GetParam() == "random");
}

INSTANTIATE_TEST_SUITE_P(Kinds, Batch, testing::Values("random", "nelder_mead", "ppo"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace ronchi::agents
