// A structure file as a person checks it: `ronchi describe structure <file>`, and what `simulate`
// says and writes of the file it images.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "nlohmann/json_fwd.hpp"
#include "sim/specimen/structure_summary.h"

namespace ronchi {

// Keys: docs/structures.md. Numbers of one cell; elements by symbol with summed occupancy.
nlohmann::json StructureJson(const sim::StructureSummary& summary);
std::string StructureText(const sim::StructureSummary& summary);  // the same as text, indented
// The same in a few lines for a log, warnings not among them.
std::vector<std::string> StructureLines(const sim::StructureSummary& summary);

// `name` is a path, else a file of <data>/structures, with or without its extension. NotFound: no
// such file. InvalidArgument: as ReadCrystal.
absl::StatusOr<nlohmann::json> DescribeStructure(const std::string& name);

}  // namespace ronchi
