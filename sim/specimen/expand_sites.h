// Sites of an asymmetric unit and symmetry operations → the atoms of a cell.
#pragma once

#include <string>
#include <vector>

#include "sim/specimen/assemble.h"
#include "sim/specimen/cif_sites.h"
#include "sim/specimen/cif_symmetry.h"

namespace ronchi::sim {

struct ExpandedSites {
  // Sites that have another number of atoms in the cell than the file says.
  std::vector<std::string> wrong_multiplicities;
};

// Sets the atoms of `raw` and how they are called; its lattice is used. Images of a site are one
// atom where they lie within its precision; images within 0.4 Å likewise, with a warning, unless
// their occupancies sum to 1 at most: a split site. InvalidArgument: more than 10^7 atoms.
absl::StatusOr<ExpandedSites> ExpandSites(const std::vector<CifSite>& sites,
                                          const std::vector<SymmetryOperation>& operations,
                                          RawStructure* raw);

}  // namespace ronchi::sim
