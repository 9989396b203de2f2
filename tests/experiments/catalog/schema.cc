#include "experiments/catalog/schema.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "experiments/catalog/describe_environment.h"
#include "experiments/loop/recipe.h"

namespace ronchi {
namespace {

using nlohmann::json;

// The little of JSON Schema that is used here. What does not fit, as "path: why".
std::vector<std::string> Misfits(const json& value, const json& schema, const json& root,
                                 const std::string& path = "") {
  if (schema.contains("$ref")) {
    const std::string ref = schema["$ref"];
    return Misfits(value, root.at(json::json_pointer(ref.substr(1))), root, path);
  }
  if (schema.contains("anyOf")) {
    std::vector<std::string> all;
    for (const json& one : schema["anyOf"]) {
      const auto misfits = Misfits(value, one, root, path);
      if (misfits.empty()) return {};
      all.insert(all.end(), misfits.begin(), misfits.end());
    }
    return all;
  }
  std::vector<std::string> out;
  const std::string type = schema.value("type", "");
  const bool right =
      type.empty() || (type == "number" && value.is_number()) ||
      (type == "integer" && value.is_number_integer()) ||
      (type == "boolean" && value.is_boolean()) || (type == "string" && value.is_string()) ||
      (type == "array" && value.is_array()) || (type == "object" && value.is_object());
  if (!right) return {path + ": not of type " + type};
  if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) {
    out.push_back(path + ": not one of " + schema["enum"].dump());
  }
  if (value.is_number() && (value < schema.value("minimum", value.get<double>()) ||
                            value > schema.value("maximum", value.get<double>()))) {
    out.push_back(path + ": out of range");
  }
  if (value.is_array() && schema.contains("items")) {
    for (const json& item : value) {
      for (const auto& m : Misfits(item, schema["items"], root, path + "[]")) out.push_back(m);
    }
  }
  if (!value.is_object()) return out;
  for (const json& name : schema.value("required", json::array())) {
    if (!value.contains(name)) out.push_back(path + "." + name.get<std::string>() + ": missing");
  }
  const json keys = schema.value("properties", json::object());
  for (const auto& [name, item] : value.items()) {
    if (keys.contains(name)) {
      for (const auto& m : Misfits(item, keys[name], root, path + "." + name)) out.push_back(m);
    } else if (schema.value("additionalProperties", json(true)) == json(false)) {
      out.push_back(path + "." + name + ": no such key");
    }
  }
  return out;
}

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
  EXPECT_THAT(MisfitsOf("workflow", examples + "/workflows/focal_series.yaml"),
              ::testing::IsEmpty());
  EXPECT_THAT(MisfitsOf("workflow", examples + "/workflows/focal_series.yaml",
                        {"instrument={kind: program, command: [mine]}"}),
              ::testing::IsEmpty());
  EXPECT_THAT(MisfitsOf("workflow", examples + "/workflows/focal_series.yaml",
                        {"instrument={kind: program, comand: [mine]}"}),
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
