// Readers of the text formats other than CIF; what each takes is in sim/specimen/read_structure.h.
// InvalidArgument: "path:line: format: what is wrong; what is allowed".
#pragma once

#include <optional>
#include <string>

#include "core/status.h"
#include "sim/specimen/crystal.h"
#include "sim/specimen/text_lines.h"

namespace ronchi::sim {

absl::StatusOr<Crystal> ReadPrismatic(const std::string& path, const std::string& text);
absl::StatusOr<Crystal> ReadExtendedXyz(const std::string& path, const std::string& text);
// `cell_A`: the box, that the file does not tell; without one the file is refused.
absl::StatusOr<Crystal> ReadPlainXyz(const std::string& path, const std::string& text,
                                     const std::optional<Vector3>& cell_A);
absl::StatusOr<Crystal> ReadPoscar(const std::string& path, const std::string& text);

// Whether the comment of an xyz file has a key Lattice.
bool HasLattice(const std::string& comment);

}  // namespace ronchi::sim
