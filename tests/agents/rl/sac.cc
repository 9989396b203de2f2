#include "agents/rl/sac.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "agents/kinds.h"
#include "nlohmann/json.hpp"
#include "tests/agents/corridor_environment.h"
#include "tests/agents/toy_environment.h"

namespace ronchi::agents {
namespace {

using ::testing::HasSubstr;

SacOptions SmallSac() {
  return {.total_steps = 300, .environments = 3, .random_steps = 50, .batch = 8, .hidden = 8};
}

TEST(Sac, TheSameSeedGivesTheSameWeights) {
  const auto weights = [&](uint64_t seed) {
    auto trained = MakeSacLearner(SmallSac())->Train(ToyFactory({.dimension = 2}), seed);
    EXPECT_TRUE(trained.ok()) << trained.status();
    EXPECT_EQ(trained->summary.steps, 300);
    EXPECT_EQ(trained->summary.episodes, 3);  // 100 steps of each, and an episode has 60
    return trained->policy->ToJson().dump();
  };
  const std::string first = weights(5);
  EXPECT_EQ(first, weights(5));
  EXPECT_NE(first, weights(6));
}

TEST(Sac, NamesTheOptionAndWhatIsAllowed) {
  const auto why = [](const std::function<void(SacOptions&)>& change) {
    SacOptions options;
    change(options);
    return std::string(CheckSacOptions(options).message());
  };
  EXPECT_EQ(why([](SacOptions&) {}), "");
  const std::string allowed = " is not allowed; allowed: above 0";
  EXPECT_EQ(why([](auto& o) { o.total_steps = 0; }), "sac total_steps 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.environments = 0; }), "sac environments 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.random_steps = 0; }), "sac random_steps 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.batch = 0; }), "sac batch 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.hidden = 0; }), "sac hidden 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.updates = -1; }), "sac updates -1" + allowed);
  EXPECT_EQ(why([](auto& o) { o.replay = 0; }), "sac replay 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.learning_rate = NAN; }), "sac learning_rate nan" + allowed);
  EXPECT_EQ(why([](auto& o) { o.target_rate = 0; }), "sac target_rate 0" + allowed);
  EXPECT_EQ(why([](auto& o) { o.target_rate = 2; }),
            "sac target_rate 2 is not allowed; allowed: at most 1");
  EXPECT_EQ(why([](auto& o) { o.gamma = 1.5; }), "sac gamma 1.5 is not allowed; allowed: 0 … 1");
  EXPECT_EQ(why([](auto& o) { o.noise_memory = -1; }),
            "sac noise_memory -1 is not allowed; allowed: 0 or more");
  EXPECT_FALSE(MakeSacLearner({.batch = 0})->Train(ToyFactory({}), 1).ok());
}

TEST(Sac, LooksPastImages) {
  const auto trained = MakeSacLearner(SmallSac())->Train(ToyFactory({.image_pixels = 8}), 1);
  ASSERT_TRUE(trained.ok()) << trained.status();
  const auto without = MakeSacLearner(SmallSac())->Train(ToyFactory({}), 1);
  EXPECT_EQ(trained->policy->ToJson(), without->policy->ToJson());
}

TEST(Sac, RefusesChoicesAndWhatHasNoNumbers) {
  const EnvironmentFactory choices =
      [](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    return std::make_unique<CorridorEnvironment>(index);
  };
  const Config config = *Config::Parse("{}", "agent");
  ConfigReader reader(config);
  const AgentPlan plan = FindAgentKind("sac")->read(reader);
  EXPECT_TRUE(plan.fits(ToyEnvironment({}, 0).spec()).ok());
  const EnvironmentFactory pictures =
      [](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    struct Pictures : ToyEnvironment {
      explicit Pictures(uint64_t index) : ToyEnvironment({.image_pixels = 8}, index) {
        images = ToyEnvironment::spec();
        images.observation_space.erase("contrast");
        images.observation_space.erase("settings");
      }
      const env::Spec& spec() const override { return images; }
      env::Spec images;
    };
    return std::make_unique<Pictures>(index);
  };
  for (const EnvironmentFactory& make : {choices, pictures}) {
    const absl::Status status = MakeSacLearner(SmallSac())->Train(make, 1).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(plan.fits((*make(0))->spec()), status);
  }
}

}  // namespace
}  // namespace ronchi::agents
