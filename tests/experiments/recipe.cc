#include "experiments/recipe.h"

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
    EXPECT_EQ(reread->deploy_instrument.events.size(), recipe->deploy_instrument.events.size());
    EXPECT_EQ(reread->deploy_instrument.prior.ranges().at("source_fwhm_A").high,
              recipe->deploy_instrument.prior.ranges().at("source_fwhm_A").high);
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
  EXPECT_EQ(ErrorOf("environment.range_nm=50"), "");
  EXPECT_THAT(ErrorOf("train.instrument.semiangle_mrad=90"),
              ::testing::HasSubstr("haadf_inner_mrad"));
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
