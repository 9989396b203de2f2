// Cartesian coordinates of a CIF, as mmCIF (PDBx) has them, and what they are as fractions of the
// cell.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "sim/specimen/crystal.h"

namespace ronchi::sim {

class CifBlock;

// fraction = matrix · (r − origin), r in Å.
struct CartesianFrame {
  std::array<Vector3, 3> matrix = {};  // rows
  Vector3 origin_A = {0, 0, 0};

  Vector3 Fractional(const Vector3& r_A) const;
};

// By the file's own matrix (_atom_sites.fract_transf_matrix or _atom_sites.Cartn_transf_matrix, in
// the core dictionary's names likewise); without one, or with one that does not have the cell's
// lengths and angles, which is a warning, a lies along x and b in the xy plane, as the lattice's.
CartesianFrame ReadCartesianFrame(const CifBlock& block, const std::array<Vector3, 3>& lattice_A,
                                  std::vector<std::string>* warnings);

}  // namespace ronchi::sim
