#include "experiments/loop/recipe.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>

#include "sim/simulate_config.h"

namespace ronchi {
namespace {

TEST(Recipe, EveryRecipeParsesAndItsResolvedTextMeansTheSame) {
  const std::vector<std::string> names = RecipeNames();
  ASSERT_THAT(names, ::testing::Contains("quickstart"));
  for (const std::string& name : names) {
    const Config config = *Config::Load(*FindRecipe(name));
    const auto recipe = ReadRecipe(config);
    ASSERT_TRUE(recipe.ok()) << recipe.status();
    EXPECT_EQ(recipe->name, name);
    EXPECT_FALSE(recipe->title.empty()) << name;
    const std::string resolved = config.Dump();
    const Config again = *Config::Parse(resolved, "config.yaml");
    const auto reread = ReadRecipe(again);
    ASSERT_TRUE(reread.ok()) << reread.status();
    EXPECT_EQ(again.Dump(), resolved) << "reading its own resolved text adds or changes a key";
    EXPECT_EQ(reread->deploy_instrument.Dump(), recipe->deploy_instrument.Dump());
    EXPECT_EQ(reread->theory.has_value(), recipe->theory.has_value());
    EXPECT_EQ(reread->monitor.streams, recipe->monitor.streams);
    EXPECT_EQ(reread->monitor.on_alarm, recipe->monitor.on_alarm);
  }
}

TEST(Recipe, ExamplesForSimulateParse) {
  int examples = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(RONCHI_SOURCE_DIR "/examples/simulate")) {
    if (entry.path().extension() != ".yaml") continue;
    ++examples;
    const auto options = sim::ReadSimulationOptions(*Config::Load(entry.path().string()));
    EXPECT_TRUE(options.ok()) << options.status();
  }
  EXPECT_EQ(examples, 12);
}

TEST(Recipe, IsFoundByNameFolderAndFile) {
  const std::string file = *FindRecipe("quickstart");
  EXPECT_EQ(*FindRecipe(file), file);
  EXPECT_EQ(*FindRecipe(std::filesystem::path(file).parent_path().string()), file);
  EXPECT_TRUE(absl::IsNotFound(FindRecipe("nonesuch").status()));
}

std::string ErrorOf(const std::string& set) {
  return std::string(
      ReadRecipe(*Config::Load(*FindRecipe("quickstart"), {set})).status().message());
}

TEST(Recipe, WhatContradictsItselfIsRefused) {
  EXPECT_EQ(ErrorOf("seed=3"), "");
  EXPECT_THAT(ErrorOf("agent.n_initial=41"), ::testing::HasSubstr("budget"));
  EXPECT_THAT(ErrorOf("environment.range_nm=51"), ::testing::HasSubstr("up to 50"));
  EXPECT_THAT(ErrorOf("environment.level=2"), ::testing::HasSubstr("set optics.C21.a"));
  EXPECT_THAT(ErrorOf("environment.reward=truth"), ::testing::HasSubstr("allowed: image"));
  EXPECT_EQ(ErrorOf("environment.range_nm=50"), "");
  EXPECT_THAT(ErrorOf("train.instrument.semiangle_mrad=90"),
              ::testing::HasSubstr("haadf_inner_mrad"));
}

// The short keys still mean what they meant, and everything else that a guard can do is there.
TEST(Recipe, TheGuardTakesEverything) {
  const auto guard = [](const std::vector<std::string>& set) {
    const Recipe recipe = *ReadRecipe(*Config::Load(*FindRecipe("quickstart"), set));
    return *ReadRecipeGuard(recipe.guard, **DescriptionOf(recipe.deploy_instrument));
  };
  const hw::GuardOptions plain = guard({});
  EXPECT_EQ(plain.dose_budget_e_per_m2, 2e27);
  EXPECT_EQ(plain.limits.size(), 3u);
  const hw::Limits& c12 = plain.limits.at("optics.C12.a");
  EXPECT_EQ(c12.min, -40e-9);
  EXPECT_EQ(c12.max, 40e-9);
  EXPECT_DOUBLE_EQ(c12.max_step, 30e-9);
  EXPECT_EQ(plain.heartbeat_s, 0);
  const hw::GuardOptions more =
      guard({"deploy.guard.limits={optics.C10: {max: 1.0e-8, rate: 5.0e-9}}",
             "deploy.guard.coupled=[{name: sum, terms: {optics.C10: 1}, at_most: 1.0e-8}]",
             "deploy.guard.heartbeat_s=30", "deploy.guard.beam_needs={beam.energy: {min: 1.0e5}}",
             "deploy.guard.ledger_file=a.ledger", "deploy.guard.specimen=lamella 7"});
  EXPECT_EQ(more.limits.at("optics.C10").max, 1e-8);
  EXPECT_EQ(more.limits.at("optics.C10").max_rate, 5e-9);
  EXPECT_EQ(more.limits.at("optics.C10").min, -40e-9) << "what is not given is limit_nm's";
  EXPECT_DOUBLE_EQ(more.limits.at("optics.C10").max_step, 30e-9);
  EXPECT_EQ(more.coupled.size(), 1u);
  EXPECT_EQ(more.heartbeat_s, 30);
  EXPECT_EQ(more.beam_needs.at("beam.energy")[0], 1e5);
  EXPECT_EQ(more.ledger_file, "a.ledger");
  EXPECT_THAT(ErrorOf("deploy.guard.heart_s=30"), ::testing::HasSubstr("heartbeat_s"));
  EXPECT_THAT(ErrorOf("deploy.guard.limit_nm=-1"), ::testing::HasSubstr("limit_nm"));
  EXPECT_THAT(ErrorOf("deploy.guard.limits={stage.q: {max: 1}}"), ::testing::HasSubstr("stage.q"));
  EXPECT_THAT(ErrorOf("deploy.guard.ledger_file=a.ledger"), ::testing::HasSubstr("specimen"));
}

TEST(DeriveSeed, DiffersByPartAndBySeed) {
  std::set<uint64_t> seen;
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{2}, ~uint64_t{0}}) {
    for (const char* part : {"", "train", "tune", "deploy", "tune.policy", "deploy.policy"}) {
      EXPECT_EQ(DeriveSeed(seed, part), DeriveSeed(seed, part));
      seen.insert(DeriveSeed(seed, part));
    }
  }
  EXPECT_EQ(seen.size(), 24u);  // 64 bits: no collision among 24 but for a defect
}

}  // namespace
}  // namespace ronchi
