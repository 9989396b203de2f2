// The `specimen:` section of a `simulate` config → Specimen (docs/simulator.md): a structure file
// as it stands, cut along a zone axis, or the input of a builder.
#pragma once

#include <array>
#include <string>

#include "core/config.h"
#include "core/status.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

struct SpecimenSection {
  Specimen specimen;  // repeated and rotated
  std::array<double, 2> tilt_rad = {0, 0};
};

// Writes every default into the node. InvalidArgument: one line with file, line, key, value and
// what is allowed.
absl::StatusOr<SpecimenSection> ReadSpecimenSection(const Config& config);

// `file` beside the config that names it, else in <data>/structures. NotFound: it is in neither;
// the message names line, key and the folders searched.
absl::StatusOr<std::string> FindStructure(const Config& config, const std::string& key,
                                          const std::string& file);

}  // namespace ronchi::sim
