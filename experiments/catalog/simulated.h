// Simulated instruments by what their config says they are: `kind: column` (or none), `kind: map`.
// A config is the keys of one, with or without `preset`, a file of data/twins.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/config.h"
#include "hw/instrument.h"

namespace ronchi {

struct SimulatedKind {
  std::string kind;
  absl::StatusOr<std::unique_ptr<hw::Instrument>> (*make)(const Config& node, uint64_t seed);
  absl::StatusOr<std::string> (*summarise)(const Config& node);  // a line for people
  // The ranges of hidden numbers by name, [low, high]; without making the instrument.
  absl::StatusOr<nlohmann::json> (*prior)(const Config& node);
};
const std::vector<SimulatedKind>& SimulatedKinds();
// InvalidArgument: a kind that there is none of, with those there are.
absl::StatusOr<const SimulatedKind*> KindOfSimulated(const Config& node);

absl::StatusOr<std::unique_ptr<hw::Instrument>> OpenSimulated(const Config& node, uint64_t seed);
// The files of data/twins, without ".yaml", sorted; and the config that stands for one.
std::vector<std::string> SimulatedPresets();
absl::StatusOr<Config> SimulatedPreset(const std::string& name);

// Properties, detectors, what it cannot do, what is hidden.
absl::StatusOr<nlohmann::json> DescribeSimulated(const std::string& preset);

}  // namespace ronchi
