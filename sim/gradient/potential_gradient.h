// The adjoint of MakePotential: from derivatives by the potential to derivatives by the atoms'
// positions across the beam, and by their occupancy.
#pragma once

#include <vector>

#include "core/status.h"
#include "sim/gradient/multislice_adjoint.h"
#include "sim/potential.h"

namespace ronchi::sim {

struct AtomGradient {
  double x_per_A = 0, y_per_A = 0, occupancy = 0;
};

// `gradient`: with one plane of the potential a slice, or one a distinct slice; then an atom's
// derivative is for the atoms at its place in all slices that show the same plane. Positions along
// the beam are left out: with infinite projection an atom acts as from anywhere in its slice. With
// bilinear placement the derivative on a grid line is that towards +x, +y
// (sim/potential/atoms_on_grid.h). InvalidArgument: finite projection; an element that the table
// lacks; planes of another number than the slices' or the distinct slices'.
absl::StatusOr<std::vector<AtomGradient>> ToAtomGradient(const Specimen& specimen,
                                                         const PotentialSlices& potential,
                                                         const ScatteringFactors& factors,
                                                         Projection projection,
                                                         const MultisliceGradient& gradient);

}  // namespace ronchi::sim
