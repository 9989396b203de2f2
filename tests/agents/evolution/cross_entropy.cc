// The cross-entropy method: does it learn, is it a function of its seed, what does it refuse?
#include <gtest/gtest.h>

#include "agents/kinds.h"
#include "agents/policy_file.h"
#include "core/files.h"
#include "core/parallel.h"
#include "nlohmann/json.hpp"
#include "tests/agents/toy_environment.h"
#include "tests/support/classic_tasks.h"

namespace ronchi::agents {
namespace {

AgentPlan Plan(const std::string& yaml) {
  const Config config = *Config::Parse(yaml, "agent");
  ConfigReader reader(config);
  AgentPlan plan = FindAgentKind("cross_entropy")->read(reader);
  EXPECT_TRUE(reader.Done().ok()) << reader.Done();
  return plan;
}
absl::StatusOr<std::unique_ptr<env::Environment>> MakePole(uint64_t index) {
  return std::make_unique<testing_support::CartPoleTask>(index);
}

// Szita & Lőrincz's own kind of task: four numbers, a linear rule holds the pole. Chance holds it
// for some 20 steps of 500.
TEST(CrossEntropy, BalancesThePole) {
  const testing_support::CartPoleTask pole(0);
  const auto trained =
      Plan("{generations: 30, episodes: 2, spread: 2}").make(pole.spec(), MakePole, 3);
  ASSERT_TRUE(trained.ok()) << trained.status();
  EXPECT_EQ(trained->summary.curve.size(), 30u);
  EXPECT_EQ(trained->summary.episodes, (30 * 32 + 1) * 2);
  double sum = 0;
  testing_support::CartPoleTask unseen(7);
  for (uint64_t seed = 500; seed < 510; ++seed) {
    trained->policy->Reset(seed);
    env::Observation o = unseen.Reset(seed)->observation;
    for (bool done = false; !done;) {
      const auto step = unseen.Step(*trained->policy->Act(o));
      ASSERT_TRUE(step.ok()) << step.status();
      sum += step->reward / 10;
      o = step->observation;
      done = step->terminated || step->truncated;
    }
  }
  EXPECT_GE(sum, 400);  // eight seeds of training: 500 each
}

TEST(CrossEntropy, IsAFunctionOfTheSeedAndOfNoThreads) {
  const ToyEnvironment toy({}, 0);
  const auto weights = [&](int threads, const std::string& environments, uint64_t seed) {
    SetThreads(threads);
    const auto trained =
        Plan("{population: 6, elites: 2, generations: 2, environments: " + environments + "}")
            .make(toy.spec(), ToyFactory({}), seed);
    SetThreads(0);
    EXPECT_TRUE(trained.ok()) << trained.status();
    return trained->policy->ToJson().dump();
  };
  const std::string one = weights(1, "1", 5);
  EXPECT_EQ(one, weights(2, "1", 5));
  EXPECT_EQ(one, weights(2, "4", 5)) << "how many play side by side changes nothing";
  EXPECT_NE(one, weights(1, "1", 6));
}

TEST(CrossEntropy, APolicyComesBackFromItsFile) {
  const ToyEnvironment toy({.image_pixels = 8}, 0);
  const auto trained = Plan("{population: 4, elites: 2, generations: 1}")
                           .make(toy.spec(), ToyFactory({.image_pixels = 8}), 5);
  ASSERT_TRUE(trained.ok()) << trained.status();
  const std::string path = testing::TempDir() + "/cross_entropy.json";
  ASSERT_TRUE(SavePolicy(*trained->policy, {}, path).ok());
  auto loaded = LoadPolicy(path);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ToyEnvironment a({.image_pixels = 8}, 0), b({.image_pixels = 8}, 0);
  EXPECT_EQ(RunToyEpisode(a, *trained->policy, 9), RunToyEpisode(b, **loaded, 9));
  nlohmann::json json = trained->policy->ToJson();
  json["normalisation"]["mean"] = {1.0};
  EXPECT_TRUE(absl::IsInvalidArgument(FindAgentKind("cross_entropy")->load(json).status()));
}

TEST(CrossEntropy, RefusesWhatItCannotSee) {
  env::Spec images;
  images.observation_space["image"] = {{8, 8}, 0, 1, "", ""};
  images.action_space = {{1}, -1, 1, "", ""};
  EXPECT_TRUE(absl::IsInvalidArgument(Plan("{}").fits(images)));
  const Config config = *Config::Parse("{elites: 40}", "agent");
  ConfigReader reader(config);
  FindAgentKind("cross_entropy")->read(reader);
  EXPECT_TRUE(absl::IsInvalidArgument(reader.Done()));
}

}  // namespace
}  // namespace ronchi::agents
