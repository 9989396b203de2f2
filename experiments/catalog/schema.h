// JSON Schemas of the documents that people write, for their editors: made by reading documents of
// every kind and noting what the readers ask for (core/config_schema.h).
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/status.h"

namespace ronchi {

// "recipe", "simulate", "instrument", "workflow".
const std::vector<std::string>& SchemaNames();
// NotFound: none of these. That of workflows is experiments/flow/flow_schema.h's.
absl::StatusOr<nlohmann::json> SchemaOf(const std::string& document);

// For schemas of documents that are read elsewhere.
using DocumentReader = std::function<void(const Config&)>;
// What `read` asks of all the documents in this folder of examples/ together.
nlohmann::json SchemaOfExamples(const std::string& folder, const DocumentReader& read);
void Entitle(const std::string& document, nlohmann::json* schema);

}  // namespace ronchi
