// Every agent of the table against every environment of the catalogue: which fits, that it says so
// in a line before any work, and that what it makes acts inside the space and is the same again
// when a file gives it back.
#include "experiments/catalog/agents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agents/policy_file.h"
#include "core/files.h"
#include "core/random.h"
#include "env/aberration_tuning.h"
#include "env/drift_lock.h"
#include "env/ronchigram_tuning.h"
#include "env/zone_axis_tilt.h"
#include "experiments/catalog/environments.h"

namespace ronchi {
namespace {

using agents::AgentKind;
using agents::AgentKinds;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<env::Spec> Specs() {
  std::vector<env::Spec> specs;
  for (const EnvironmentKind& kind : EnvironmentKinds()) specs.push_back(kind.spec);
  return specs;
}

Config Parse(const std::string& yaml) { return *Config::Parse(yaml, "recipe.yaml"); }
Config OfKind(const std::string& kind) { return Parse("kind: " + kind); }

TEST(AgentKinds, AreSortedAndDescribeTheirKeys) {
  EXPECT_TRUE(std::ranges::is_sorted(AgentKinds(), std::ranges::less_equal(), &AgentKind::kind));
  for (const AgentKind& kind : AgentKinds()) {
    EXPECT_FALSE(kind.summary.empty()) << kind.kind;
    std::set<std::string> declared;
    for (const agents::AgentKey& key : kind.keys) {
      EXPECT_FALSE(key.meaning.empty()) << kind.kind << " " << key.name;
      EXPECT_TRUE(declared.insert(key.name).second) << kind.kind << " " << key.name;
    }
    // What the reading writes into an empty mapping, a default that the task decides, and a file
    // that is none unless it is named.
    const Config empty = Parse("{}");
    ConfigReader reader(empty);
    kind.read(reader);
    ASSERT_TRUE(reader.Done().ok()) << kind.kind;
    const Config written = Parse(empty.Dump());
    std::set<std::string> read;
    if (written.IsMap()) {
      for (const std::string& key : written.Keys()) read.insert(key);
    }
    for (const char* unwritten : {"value", "checkpoint"}) {
      if (declared.contains(unwritten)) read.insert(unwritten);
    }
    EXPECT_EQ(read, declared) << kind.kind;
  }
}

// The table of docs/agents.md, row by row: who acts where, and that the rest is refused in a line.
TEST(CheckAgent, SaysInALineWhetherAKindFitsATaskAsTheDocsDo) {
  const std::string docs = *ReadFile(std::string(RONCHI_SOURCE_DIR) + "/docs/agents.md");
  for (const AgentKind& kind : AgentKinds()) {
    std::vector<std::string> fits;
    for (const env::Spec& spec : Specs()) {
      const absl::Status status = CheckAgent(OfKind(kind.kind), spec);
      if (status.ok()) {
        fits.push_back(spec.id);
        continue;
      }
      EXPECT_TRUE(absl::IsInvalidArgument(status));
      const std::string message(status.message());
      EXPECT_THAT(message, HasSubstr("recipe.yaml:1: kind: '" + kind.kind + "'"));
      EXPECT_THAT(message, HasSubstr(spec.id));
      EXPECT_THAT(message, Not(HasSubstr("\n")));
    }
    ASSERT_FALSE(fits.empty()) << kind.kind;
    const std::string where = fits.size() == Specs().size() ? "all" : absl::StrJoin(fits, ", ");
    EXPECT_THAT(docs, HasSubstr(absl::StrCat("| `", kind.kind, "` | ", kind.summary, " | ",
                                             kind.learns ? "yes" : "no", " | ", where, " |\n")));
  }
}

env::Observation RandomObservation(const env::Spec& spec, RandomStream& stream) {
  env::Observation o;
  for (const auto& [name, box] : spec.observation_space) {
    Array<float> values(box.shape);
    // Unbounded boxes in practice hold numbers of this size.
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = float(stream.Uniform(std::max(box.Low(i), -5.0f), std::min(box.High(i), 5.0f)));
    }
    o[name] = std::move(values);
  }
  return o;
}

std::vector<agents::Action> Act(agents::Policy& policy, const env::Spec& spec, uint64_t seed) {
  RandomStream stream({.seed = seed, .name = "test.observations"});
  policy.Reset(seed);
  std::vector<agents::Action> actions;
  for (int step = 0; step < 30; ++step) {
    auto action = policy.Act(RandomObservation(spec, stream));
    EXPECT_TRUE(action.ok()) << action.status();
    if (!action.ok()) break;
    EXPECT_TRUE(env::CheckAction(spec.action_space, *action).ok()) << policy.kind();
    actions.push_back(*std::move(action));
  }
  return actions;
}

TEST(MakeAgent, ActsInsideTheSpaceAndComesBackFromAFile) {
  const std::string path = (std::filesystem::path(testing::TempDir()) / "agent.json").string();
  for (const AgentKind& kind : AgentKinds()) {
    if (kind.learns) continue;  // tests/agents/policy_file.cc
    for (const env::Spec& spec : Specs()) {
      if (!CheckAgent(OfKind(kind.kind), spec).ok()) continue;
      auto trained = MakeAgent(OfKind(kind.kind), spec, {}, 1);
      ASSERT_TRUE(trained.ok()) << trained.status();
      agents::Policy& policy = *trained->policy;
      EXPECT_EQ(policy.kind(), kind.kind);
      ASSERT_TRUE(agents::SavePolicy(policy, {}, path).ok());
      auto loaded = agents::LoadPolicy(path);
      ASSERT_TRUE(loaded.ok()) << loaded.status();
      const auto actions = Act(policy, spec, 7);
      EXPECT_EQ(Act(policy, spec, 7), actions) << kind.kind << ": Reset forgets the episode";
      EXPECT_EQ(Act(**loaded, spec, 7), actions) << kind.kind;
      // Who looks at anything notices that it is not there.
      if (kind.kind != "random" && kind.kind != "hold") {
        EXPECT_TRUE(absl::IsInvalidArgument(policy.Act({}).status())) << kind.kind;
      }
    }
  }
  std::filesystem::remove(path);
}

TEST(MakeAgent, KeysAreReadAndMistakesNamed) {
  const env::Spec tuning = env::AberrationTuningSpec({}), drift = env::DriftLockSpec({});
  const auto error = [](const std::string& yaml, const env::Spec& spec) {
    return std::string(CheckAgent(Parse(yaml), spec).message());
  };
  EXPECT_THAT(error("kind: oracle", tuning), HasSubstr("kind: 'oracle' is not allowed"));
  EXPECT_THAT(error("{kind: gp, budgt: 3}", tuning), HasSubstr("budget"));
  EXPECT_THAT(error("{kind: gp, budget: 4, n_initial: 5}", tuning), HasSubstr("budget"));
  EXPECT_THAT(error("{kind: predict, alpha: 1.5}", drift), HasSubstr("alpha: 1.5 is not allowed"));
  EXPECT_THAT(error("{kind: gp, value: image}", tuning), HasSubstr("\"image\" has"));
  EXPECT_THAT(error("{kind: gp, value: sharpness}", tuning), HasSubstr("\"sharpness\""));
  // One recipe serves several agents: a key of another kind is no mistake, one of none is.
  EXPECT_EQ(error("{kind: random, budget: 40, train_steps: 5}", tuning), "");
  EXPECT_THAT(error("{kind: random, colour: 40}", tuning), HasSubstr("colour"));
  // Recipes of earlier versions name no kind: gp.
  EXPECT_EQ(AgentKindOf(Parse("{}")).value()->kind, "gp");

  const auto policy = MakeAgent(Parse("{kind: predict, alpha: 0.25}"), drift, {}, 1);
  ASSERT_TRUE(policy.ok());
  EXPECT_EQ(policy->policy->ToJson()["numbers"]["alpha"], 0.25);
}

TEST(MakeAgent, TheValueToMaximiseIsTheTasks) {
  for (const auto& [spec, value] : {std::pair{env::AberrationTuningSpec({}), "contrast"},
                                    {env::RonchigramTuningSpec({}), "flatness"},
                                    {env::ZoneAxisTiltSpec({}), "centredness"}}) {
    const auto trained = MakeAgent(OfKind("nelder_mead"), spec, {}, 1);
    ASSERT_TRUE(trained.ok()) << trained.status();
    EXPECT_EQ(trained->policy->ToJson()["task"]["value_key"], value);
  }
  // Two that could be meant: the config must say.
  env::Spec spec = env::ZoneAxisTiltSpec({});
  spec.observation_space["sharpness"] = {{1}, 0, 1, "", ""};
  EXPECT_THAT(std::string(CheckAgent(OfKind("nelder_mead"), spec).message()),
              HasSubstr("centredness, sharpness"));
  EXPECT_TRUE(CheckAgent(Parse("{kind: nelder_mead, value: sharpness}"), spec).ok());
}

TEST(DescribeAgent, TellsKeysWithTheirDefaults) {
  for (const AgentKind& kind : AgentKinds()) {
    const auto described = DescribeAgent(kind.kind);
    ASSERT_TRUE(described.ok()) << described.status();
    EXPECT_EQ((*described)["learns"], kind.learns);
    EXPECT_EQ(described->value("options", nlohmann::json::object()).size(), kind.keys.size());
  }
  EXPECT_EQ((*DescribeAgent("gp"))["options"]["agent.budget"]["default"], 40);
  EXPECT_EQ((*DescribeAgent("predict"))["options"]["agent.alpha"]["default"], 0.6);
  EXPECT_EQ((*DescribeAgent("nelder_mead"))["options"]["agent.value"]["default"], "by the task");
  EXPECT_TRUE(absl::IsNotFound(DescribeAgent("oracle").status()));
}

}  // namespace
}  // namespace ronchi
