#include "experiments/flow/flow_schema.h"

#include <nlohmann/json.hpp>

#include "experiments/catalog/schema.h"
#include "hw/workflow/workflow.h"

namespace ronchi {
namespace {

using nlohmann::json;

// In a workflow a text may be a formula, hence a number, a step may be a word alone, and which keys
// a step needs its verb says.
void AllowFormulas(json* schema, bool top) {
  if (!schema->is_object()) return;
  if (schema->value("type", "") == "string") schema->erase("type");
  if (!top) {
    schema->erase("required");
    if (schema->value("type", "") == "object") schema->erase("type");
  }
  for (auto& [name, value] : schema->items()) {
    if (name == "items") AllowFormulas(&value, false);
    if (name != "properties") continue;
    for (auto& [key, child] : value.items()) AllowFormulas(&child, false);
  }
}

}  // namespace

json WorkflowSchema() {
  json schema =
      SchemaOfExamples("workflows", [](const Config& c) { (void)hw::workflow::ReadWorkflow(c); });
  AllowFormulas(&schema, true);
  schema["properties"]["instrument"] = {{"$ref", "#/$defs/instrument"}};
  json instrument = *SchemaOf("instrument");
  instrument.erase("$schema");
  instrument.erase("title");
  schema["$defs"]["instrument"] = std::move(instrument);
  Entitle("workflow", &schema);
  return schema;
}

}  // namespace ronchi
