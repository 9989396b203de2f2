// `ronchi describe <environment>`: its spec, and the keys of its config with their defaults.
#pragma once

#include <string>

#include "core/config.h"
#include "core/status.h"
#include "env/environment.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi {

// Prepares the environment with its defaults (which may prepare an image engine) and asks it.
// NotFound: no such id.
absl::StatusOr<nlohmann::json> DescribeEnvironment(const std::string& id);

// What `ronchi list` says of it: the registry's line, or the spec's.
absl::StatusOr<std::string> SummariseEnvironment(const std::string& id);

nlohmann::json SpecToJson(const env::Spec& spec);
// The values of a mapping that was read, key by key: numbers, truth values, texts, nested mappings.
nlohmann::json ConfigToJson(const Config& node);

}  // namespace ronchi
