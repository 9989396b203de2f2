// CIF (Hall, Allen & Brown, Acta Cryst. A47, 655 (1991)) → Specimen, with the space group's
// symmetry applied by gemmi. The beam runs along c.
#pragma once

#include <string>

#include "core/status.h"
#include "sim/specimen.h"

namespace ronchi::sim {

// One unit cell; occupancies and isotropic displacements (rms = √U_iso) as the file gives them.
// InvalidArgument: not CIF, no atoms, an unknown element, or a cell that is not orthogonal (cut an
// orthogonal supercell with another program first).
absl::StatusOr<Specimen> ReadCif(const std::string& path, const std::string& text);

}  // namespace ronchi::sim
