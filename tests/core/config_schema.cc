#include "core/config_schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ronchi {
namespace {

using nlohmann::json;

TEST(ConfigSchema, NotesWhatIsAskedOfItsOwnDocumentAlone) {
  const Config mine = *Config::Parse("{a: {x: 1}, list: [{n: 2}]}", "mine");
  const Config other = *Config::Parse("{}", "other");
  const ConfigSchema schema(mine);
  double x = 5, z = 0;
  int n = 0;
  ConfigReader r(mine);
  ConfigReader a(r.Child("a"));
  a.Number("x", &x, {.min = 0, .max = 9}, true);
  EXPECT_TRUE(a.Done().ok());
  ConfigReader(r.Child("list").Item(0)).Integer("n", &n, {.min = 1});
  ConfigReader(other).Number("z", &z);
  const json s = schema.Json()["properties"];
  EXPECT_EQ(s["a"], json::parse(R"({"type": "object", "required": ["x"],
    "additionalProperties": false,
    "properties": {"x": {"type": "number", "minimum": 0.0, "maximum": 9.0}}})"));
  EXPECT_EQ(s["list"]["items"]["properties"]["n"]["minimum"], 1);
  EXPECT_EQ(s.size(), 2u);
  EXPECT_EQ(
      MergeSchemas(schema.Json(), json::parse(R"({"properties": {"b": {}}})"))["properties"].size(),
      3u);
}

// What two documents of one kind both ask for is required; what either knows is known.
TEST(ConfigSchema, MergedIsTheUnionOfKeysAndWhatBothRequire) {
  const json a = json::parse(R"({"required": ["x", "y"], "properties": {"x": {"minimum": 0},
    "deep": {"properties": {"p": {}}}}})"),
             b = json::parse(R"({"required": ["y", "z"], "properties": {"x": {"maximum": 9},
    "deep": {"properties": {"q": {}}}, "y": {}}})");
  const json both = MergeSchemas(a, b);
  EXPECT_EQ(both["required"], json::parse(R"(["y"])"));
  EXPECT_EQ(both["properties"]["x"], json::parse(R"({"minimum": 0, "maximum": 9})"));
  EXPECT_EQ(both["properties"]["deep"]["properties"].size(), 2u);
  EXPECT_EQ(both["properties"].size(), 3u);
  EXPECT_FALSE(MergeSchemas(a, json::parse(R"({"properties": {}})")).contains("required"));
}

// Without one nothing is noted, and one that has gone notes nothing more.
TEST(ConfigSchema, NotesWhileItLives) {
  const Config config = *Config::Parse("{x: 1}", "mine");
  double x = 0;
  { const ConfigSchema schema(config); }
  EXPECT_FALSE(internal::Noting(config.Document()));
  ConfigReader(config).Number("x", &x);
  const ConfigSchema schema(config);
  EXPECT_TRUE(internal::Noting(config.Document()));
  EXPECT_FALSE(schema.Json().contains("properties"));
}

}  // namespace
}  // namespace ronchi
