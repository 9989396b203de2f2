// Finite projection: every slice gets the part of each atom's three-dimensional potential that lies
// between its faces, instead of whole atoms. With the boundaries z_b between slices,
//   V_s = V_s(infinite) + Q_{s+1} − Q_s,
// where Q_b is what reaches up across boundary b from atoms below it, less what reaches down from
// atoms above. An atom at the distance d of the boundary reaches across with
//   K ∫_d^∞ dz ∫ f(√(k² + k_z²)) e^{2πi k_z z} dk_z     (ScatteringFactors::Beyond; closed forms).
// There is no boundary at the faces (Q = 0): the potential outside the cell belongs to the first
// and the last slice, and the sum over the slices is the infinite projection, whatever the atoms.
// With exact placement an atom within a core's radius of a boundary reaches across with a cusp:
// what the smooth grid cannot hold of it joins the cores of both slices.
#pragma once

#include <vector>

#include "sim/potential/potential_maker.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

// `atoms`: by slice, as the infinite projection in `slices` has them. Slices whose surroundings are
// equal stay shared. Error below 1e-4 of the potential's maximum: an atom's shape across a boundary
// is put together from those at about a dozen depths, and ends where 1e-5 of f(0) is left.
void MakeProjectionFinite(const std::vector<std::vector<const Atom*>>& atoms,
                          PotentialMaker::Impl* maker, PotentialSlices* slices);

}  // namespace ronchi::sim
