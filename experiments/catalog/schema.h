// JSON Schemas of the documents that people write, for their editors: made by reading documents of
// every kind and noting what the readers ask for (core/config_schema.h).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi {

// "recipe", "simulate", "instrument", "workflow".
const std::vector<std::string>& SchemaNames();
// NotFound: none of these.
absl::StatusOr<nlohmann::json> SchemaOf(const std::string& document);

}  // namespace ronchi
