// CIF (Hall, Allen & Brown, Acta Cryst. A47, 655 (1991)) → Crystal. gemmi reads the text; what it
// means is decided here.
#pragma once

#include <string>

#include "core/status.h"
#include "sim/specimen/crystal.h"

namespace ronchi::sim {

// One unit cell of any shape, a along x, with the symmetry applied (sim/specimen/cif_symmetry.h),
// from the first data block that has a cell and atoms. Where two origins are possible, the one with
// which multiplicities, formula and distances agree is taken, with a warning.
//
// Images of a site that lie within the precision of its coordinates are one atom on a special
// position; so are, with a warning, images within 0.4 Å of each other, unless their occupancies
// together are at most 1: then the site is split, and all of them stand there.
// Displacements, atom by atom: U_iso; else B_iso/8π²; else a third of the trace of U_aniso, or of
// B_aniso; rms = √U. Occupancies are of sites, not divided by multiplicities.
// InvalidArgument, with block and site: not CIF, no atoms, a site without a place, an element that
// is not told, symmetry that is contradictory or not told enough, a cell without volume, overfull
// sites.
absl::StatusOr<Crystal> ReadCif(const std::string& path, const std::string& text);

}  // namespace ronchi::sim
