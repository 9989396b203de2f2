// CIF (Hall, Allen & Brown, Acta Cryst. A47, 655 (1991)) → Crystal, read by gemmi.
#pragma once

#include <string>

#include "core/status.h"
#include "sim/specimen/crystal.h"

namespace ronchi::sim {

// One unit cell of any shape, a along x, with the symmetry applied: the operations that the file
// lists, else its space group's by name, else by number. Atoms within 0.4 Å of each other's images
// are one atom on a special position. Displacements: U_iso; else B_iso/8π²; else a third of the
// trace of U_aniso; rms = √U. Occupancies as the file gives them.
// InvalidArgument: not CIF, no atoms, a site without a place, an unknown element or space group,
// a cell without volume.
absl::StatusOr<Crystal> ReadCif(const std::string& path, const std::string& text);

}  // namespace ronchi::sim
