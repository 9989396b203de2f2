#include "agents/kinds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ronchi::agents {
namespace {

using ::testing::HasSubstr;

TEST(AgentKindsTable, IsSortedAndEachRowIsWhole) {
  const std::vector<std::string> names = AgentKindNames();
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  for (const AgentKind& kind : AgentKinds()) {
    EXPECT_EQ(FindAgentKind(kind.kind), &kind);
    EXPECT_NE(kind.summary, "") << kind.kind;
    EXPECT_TRUE(kind.read && kind.load) << kind.kind;
    // Its keys are those that it reads: each is taken from a config, and no other.
    std::string keys = "{";
    for (const AgentKey& key : kind.keys) keys += key.name + ": [], ";
    const Config config = *Config::Parse(keys + "never: 1}", "agent");
    ConfigReader reader(config);
    (void)kind.read(reader);
    int unknown = 0;
    for (const std::string& wrong : AllErrors(reader.Done())) {
      if (wrong.find("unknown key") == std::string::npos) continue;
      EXPECT_THAT(wrong, HasSubstr("never: ")) << kind.kind;
      ++unknown;
    }
    EXPECT_EQ(unknown, 1) << kind.kind;
  }
  EXPECT_EQ(FindAgentKind("oracle"), nullptr);
  EXPECT_EQ(FindAgentKind(""), nullptr);
}

TEST(AgentPlans, OfAPolicyFitWhereItCanBeMade) {
  const AgentPlan plan =
      PlanOfPolicy([](const env::Spec& spec) -> absl::StatusOr<std::unique_ptr<Policy>> {
        if (spec.id == "bad") return absl::InvalidArgumentError("not this one");
        return nullptr;
      });
  env::Spec spec;
  EXPECT_TRUE(plan.fits(spec).ok());
  EXPECT_TRUE(plan.make(spec, {}, 1).ok());
  spec.id = "bad";
  EXPECT_EQ(plan.fits(spec), absl::InvalidArgumentError("not this one"));
  EXPECT_EQ(plan.make(spec, {}, 1).status(), absl::InvalidArgumentError("not this one"));
}

class Noting final : public Learner {
 public:
  absl::StatusOr<Trained> Train(const EnvironmentFactory&, uint64_t seed,
                                const TrainOptions& options) override {
    Trained trained;
    trained.summary.steps = int64_t(seed);
    trained.summary.episodes = options.checkpoint_every;
    return trained;
  }
};

TEST(AgentPlans, OfALearnerTrainWithTheirSeedAndOptionsWhereTheyFit) {
  int created = 0;
  const AgentPlan plan = PlanOfLearner(
      [](const env::Spec& spec) {
        return spec.id == "bad" ? absl::InvalidArgumentError("no") : absl::OkStatus();
      },
      [&]() -> absl::StatusOr<std::unique_ptr<Learner>> {
        ++created;
        return std::make_unique<Noting>();
      },
      {.checkpoint_every = 3});
  env::Spec spec;
  const auto made = plan.make(spec, {}, 42);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->summary.steps, 42);
  EXPECT_EQ(made->summary.episodes, 3);
  spec.id = "bad";
  EXPECT_EQ(plan.make(spec, {}, 42).status(), absl::InvalidArgumentError("no"));
  EXPECT_EQ(created, 1);
}

TEST(AgentKeys, OfCheckpoints) {
  const auto read = [](const char* text, TrainOptions* options) {
    const Config config = *Config::Parse(text, "agent");
    ConfigReader reader(config);
    *options = ReadCheckpointKeys(reader);
    return std::string(reader.Done().message());
  };
  TrainOptions options;
  EXPECT_EQ(read("{checkpoint: a.json, checkpoint_every: 7}", &options), "");
  EXPECT_EQ(options.checkpoint, "a.json");
  EXPECT_EQ(options.checkpoint_every, 7);
  EXPECT_EQ(read("{}", &options), "");
  EXPECT_EQ(options.checkpoint, "");
  EXPECT_THAT(read("{checkpoint_every: 0}", &options), HasSubstr("checkpoint_every: 0"));
  for (const AgentKey& key : CheckpointKeys()) EXPECT_NE(key.meaning, "");
}

}  // namespace
}  // namespace ronchi::agents
