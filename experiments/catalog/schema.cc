#include "experiments/catalog/schema.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agents/kinds.h"
#include "core/config_schema.h"
#include "core/files.h"
#include "env/environment.h"
#include "experiments/catalog/environments.h"
#include "experiments/catalog/instruments.h"
#include "experiments/loop/recipe.h"
#include "ronchi_paths.h"
#include "sim/simulate_config.h"

namespace ronchi {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// What `read` asks of all these documents together.
json SchemaOfAll(const std::vector<Config>& documents, const DocumentReader& read) {
  json all;
  for (const Config& document : documents) {
    const ConfigSchema schema(document);
    read(document);
    all = all.is_null() ? schema.Json() : MergeSchemas(all, schema.Json());
  }
  return all;
}

std::vector<Config> Texts(const std::vector<std::string>& texts) {
  std::vector<Config> out;
  for (const std::string& text : texts) {
    if (auto config = Config::Parse(text, "schema"); config.ok()) out.push_back(*std::move(config));
  }
  return out;
}

std::vector<Config> Files(const std::string& folder, const std::string& name = "") {
  std::vector<std::string> paths;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) {
    const fs::path path = name.empty() ? entry.path() : entry.path() / name;
    if (path.extension() == ".yaml" && fs::is_regular_file(path, ec)) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Config> out;
  for (const std::string& path : paths) {
    if (auto config = Config::Load(path); config.ok()) out.push_back(*std::move(config));
  }
  return out;
}

// Of one kind: with what its presets hold, and for a column with a film, too.
json SchemaOfKind(const InstrumentKind& kind) {
  std::vector<std::string> texts = {"kind: " + kind.kind};
  for (const std::string& preset : InstrumentPresets()) {
    const auto config = InstrumentConfig(preset);
    if (!config.ok()) continue;
    const auto found = KindOf(*config);
    if (!found.ok() || (*found)->kind != kind.kind) continue;
    texts.push_back(absl::StrCat("preset: ", preset, "\nkind: ", kind.kind,
                                 "\nevents: [{at_scan: 1, add: {}}]"));
    if (kind.kind == "column") {
      texts.push_back(absl::StrCat("preset: ", preset, "\nkind: column\nfilm: {}"));
    }
  }
  json schema = SchemaOfAll(Texts(texts), [&](const Config& c) { (void)kind.prepare(c); });
  schema["title"] = kind.summary;
  // A list is read item by item, and what wraps the instrument apart from the kind.
  for (const char* list : {"parts", "command"}) {
    if (schema["properties"].contains(list)) schema["properties"][list] = {{"type", "array"}};
  }
  for (const std::string& key : ChainKeys()) schema["properties"][key] = json::object();
  schema["properties"]["preset"] = {{"enum", InstrumentPresets()}};
  schema["properties"]["kind"] = {{"enum", {kind.kind}}};
  if (!kind.once.empty()) schema["properties"]["kind"]["enum"].push_back(kind.once);
  return schema;
}

json InstrumentSchema() {
  json any = {{{"type", "string"}, {"title", "a preset's name, or a file"}}};
  for (const InstrumentKind& kind : InstrumentKinds()) any.push_back(SchemaOfKind(kind));
  return {{"anyOf", any}};
}

json EnvironmentSchema() {
  json any = json::array();
  for (const EnvironmentKind& kind : EnvironmentKinds()) {
    json schema = SchemaOfAll(Texts({"id: " + kind.id}), [&](const Config& task) {
      const auto instrument = LevelInstrument(kind.id, 1);
      if (instrument.ok()) (void)kind.prepare(task, *instrument, true);
    });
    schema["title"] = kind.spec.summary;
    schema["properties"]["id"] = {{"enum", {kind.id}}};
    any.push_back(std::move(schema));
  }
  return {{"anyOf", any}};
}

json AgentSchema() {
  std::vector<std::string> texts;
  for (const std::string& kind : agents::AgentKindNames()) texts.push_back("kind: " + kind);
  json schema = SchemaOfAll(Texts(texts), [](const Config& config) {
    ConfigReader reader(config);
    std::string kind;
    reader.Text("kind", &kind);
    if (const agents::AgentKind* found = agents::FindAgentKind(kind)) found->read(reader);
  });
  schema["properties"]["kind"] = {{"enum", agents::AgentKindNames()}, {"default", "gp"}};
  schema["additionalProperties"] = false;
  return schema;
}

// The quickstart's instruments stand for any: what a theory asks its config for is the same.
json TheorySchema() {
  json any = {{{"enum", {"none"}}}};
  const auto path = FindRecipe("quickstart");
  if (!path.ok()) return any;
  const auto config = Config::Load(*path);
  const auto recipe = config.ok() ? ReadRecipe(*config) : config.status();
  for (const ForwardModelKind& kind : ForwardModelKinds()) {
    if (!kind.prepare || !recipe.ok()) continue;
    json schema = SchemaOfAll(Texts({"model: " + kind.name}), [&](const Config& node) {
      ConfigReader reader(node);
      (void)kind.prepare(&reader, {recipe->train_instrument, recipe->deploy_instrument});
    });
    schema["title"] = kind.summary;
    json& keys = schema["properties"];
    keys["model"] = {{"enum", {kind.name}}};
    if (!kind.once.empty()) keys["model"]["enum"].push_back(kind.once);
    if (keys.contains("column")) keys["column"] = {{"$ref", "#/$defs/instrument"}};
    if (keys.contains("knobs")) {
      keys["knobs"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
    }
    schema["additionalProperties"] = false;
    any.push_back(std::move(schema));
  }
  return {{"anyOf", any}};
}

json RecipeSchema() {
  json schema =
      SchemaOfAll(Files(absl::StrCat(kSourceDirectory, "/experiments/recipes"), "recipe.yaml"),
                  [](const Config& c) { (void)ReadRecipe(c); });
  json& keys = schema["properties"];
  keys["environment"] = EnvironmentSchema();
  keys["agent"] = AgentSchema();
  keys["theory"] = TheorySchema();
  for (const char* stage : {"train", "deploy"}) {
    keys[stage]["properties"]["instrument"] = {{"$ref", "#/$defs/instrument"}};
  }
  for (const char* list : {"streams", "on_alarm"}) {
    keys["monitor"]["properties"][list] = {{"type", "array"}, {"items", {{"type", "string"}}}};
  }
  schema["$defs"]["instrument"] = InstrumentSchema();
  return schema;
}

// Any number of a simulation may be a series (docs/simulator.md).
void AllowSeries(json* schema) {
  if (schema->is_array()) {
    for (json& item : *schema) AllowSeries(&item);
  }
  if (!schema->is_object()) return;
  for (auto& [name, value] : schema->items()) {
    if (value.is_structured()) AllowSeries(&value);
  }
  const std::string type = schema->contains("type") && (*schema)["type"].is_string()
                               ? (*schema)["type"].get<std::string>()
                               : "";
  if (type == "number" || type == "integer") {
    *schema = {{"anyOf", {*schema, {{"$ref", "#/$defs/series"}}}}};
  }
}

json SimulateSchema() {
  json schema =
      SchemaOfExamples("simulate", [](const Config& c) { (void)sim::ReadSimulationOptions(c); });
  AllowSeries(&schema);
  const json numbers = {{"type", "array"}, {"items", {{"type", "number"}}}};
  const json number = {{"type", "number"}};
  schema["$defs"]["series"] = {
      {"type", "object"},
      {"properties",
       {{"series", numbers}, {"from", number}, {"to", number}, {"steps", {{"type", "integer"}}}}},
      {"additionalProperties", false}};
  return schema;
}

}  // namespace

json SchemaOfExamples(const std::string& folder, const DocumentReader& read) {
  return SchemaOfAll(Files(absl::StrCat(kSourceDirectory, "/examples/", folder)), read);
}

void Entitle(const std::string& document, json* schema) {
  (*schema)["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  (*schema)["title"] = absl::StrCat("Ronchi: ", document);
}

const std::vector<std::string>& SchemaNames() {
  static const std::vector<std::string> kNames = {"instrument", "recipe", "simulate", "workflow"};
  return kNames;
}

absl::StatusOr<json> SchemaOf(const std::string& document) {
  json schema;
  if (document == "recipe") {
    schema = RecipeSchema();
  } else if (document == "instrument") {
    schema = InstrumentSchema();
  } else if (document == "simulate") {
    schema = SimulateSchema();
  } else {
    return absl::NotFoundError(absl::StrCat("no schema of '", document,
                                            "'; there are: ", absl::StrJoin(SchemaNames(), ", ")));
  }
  Entitle(document, &schema);
  return schema;
}

}  // namespace ronchi
