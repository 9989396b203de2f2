#include "experiments/catalog/schema.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "experiments/catalog/describe_environment.h"
#include "experiments/loop/recipe.h"
#include "tests/support/misfits.h"

namespace ronchi {
namespace {

using nlohmann::json;
using testing_support::Misfits;

std::vector<std::string> MisfitsOf(const std::string& schema, const std::string& path,
                                   const std::vector<std::string>& set = {}) {
  const json s = *SchemaOf(schema);
  return Misfits(ConfigToJson(*Config::Load(path, set)), s, s);
}

TEST(Schema, EveryRecipeFitsAndMistakesDoNot) {
  for (const std::string& name : RecipeNames()) {
    EXPECT_THAT(MisfitsOf("recipe", *FindRecipe(name)), ::testing::IsEmpty()) << name;
  }
  EXPECT_THAT(MisfitsOf("recipe", RONCHI_SOURCE_DIR "/data/templates/recipe.yaml"),
              ::testing::IsEmpty());
  const std::string quickstart = *FindRecipe("quickstart");
  for (const char* mistake :
       {"environment.pixls=3", "environment.pixels=3", "agent.kind=gb", "deploy.steps=0",
        "deploy.instrument.prior.C99_nm=[0, 1]", "monitor.rows=image", "tune=1",
        "train.tune_steps=x", "deploy.guard.heart_s=3", "theory=some"}) {
    EXPECT_THAT(MisfitsOf("recipe", quickstart, {mistake}), ::testing::Not(::testing::IsEmpty()))
        << mistake;
  }
}

TEST(Schema, ExamplesOfOtherDocumentsFit) {
  const std::string examples = RONCHI_SOURCE_DIR "/examples";
  EXPECT_THAT(MisfitsOf("simulate", examples + "/simulate/sto_haadf.yaml"), ::testing::IsEmpty());
  EXPECT_THAT(MisfitsOf("simulate", examples + "/simulate/depth_series.yaml"),
              ::testing::IsEmpty());
  EXPECT_THAT(MisfitsOf("simulate", examples + "/simulate/sto_haadf.yaml", {"beam.energy_keV=x"}),
              ::testing::Not(::testing::IsEmpty()));
  const json instrument = *SchemaOf("instrument");
  EXPECT_THAT(Misfits("corrected_200kV", instrument, instrument), ::testing::IsEmpty());
  EXPECT_THAT(Misfits({{"kind", "sheet"}, {"current_pA", 20}}, instrument, instrument),
              ::testing::IsEmpty());
  EXPECT_THAT(Misfits({{"kind", "sheet"}, {"curent_pA", 20}}, instrument, instrument),
              ::testing::Not(::testing::IsEmpty()));
  EXPECT_FALSE(SchemaOf("letter").ok());
}

}  // namespace
}  // namespace ronchi
