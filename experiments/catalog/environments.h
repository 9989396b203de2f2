// The environments there are, by id, each over a simulated instrument of its own.
//
// A config has two keys: `instrument`, a preset's name or the keys of a twin, by default the one
// that the environment was made for; and `task`, the keys of the environment itself.
#pragma once

#include <string>
#include <vector>

#include "core/config.h"
#include "env/environment.h"

namespace ronchi {

struct EnvironmentKind {
  std::string id;  // "AberrationTuning-v1"
  // Reads both keys, prepares what all environments share (image engines), and returns a maker.
  absl::StatusOr<env::EnvironmentFactory> (*prepare)(const Config& instrument, const Config& task);
  // The spec's, for `ronchi list`, which then need not prepare an engine; empty: it has to.
  std::string summary = "";
};
const std::vector<EnvironmentKind>& EnvironmentKinds();

// NotFound: no such id (with the ids there are). InvalidArgument: file:line: key: what is allowed.
absl::StatusOr<env::EnvironmentFactory> PrepareEnvironments(const std::string& id,
                                                            const Config& config);
// One environment with the defaults, changed by YAML text ("" or "{task: {pixels: 32}}").
absl::StatusOr<std::unique_ptr<env::Environment>> MakeEnvironment(const std::string& id,
                                                                  const std::string& yaml = "");

}  // namespace ronchi
