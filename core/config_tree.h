// The bare YAML tree under a Config: parsed, overridden, and freed of what no config means. Used by
// core/config.cc alone.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "core/status.h"

namespace ronchi::internal {

// InvalidArgument: not YAML, with `name` and the line.
absl::StatusOr<YAML::Node> LoadYaml(const std::string& text, const std::string& name);

// Writes one "a.b.c=value" into the document; list items are addressed by index.
absl::Status ApplyOverride(YAML::Node root, const std::string& text);

// Refuses what yaml-cpp lets pass and no config means: keys given twice (it would take the first),
// keys that are lists, documents that aliases make endless, and texts that the files to be written
// cannot hold: no UTF-8, or a zero byte.
absl::Status CheckTree(const std::string& file, const YAML::Node& root);

}  // namespace ronchi::internal
