// A crystal with any cell: three lattice vectors and the atoms of one cell. Lengths in Å.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

using Vector3 = std::array<double, 3>;

struct Crystal {
  std::array<Vector3, 3> lattice_A = {};  // rows: a, b, c, linearly independent
  std::vector<Atom> atoms;                // of one cell, Cartesian, in whichever copy of the cell
  std::string title;
  std::shared_ptr<const StructureSummary> summary;  // of the file it was read from; may be none

  double Volume_A3() const;
  // a, b, c along x, y, z to 1e-6 Å: the cell is a box as it stands.
  bool IsBox() const;
  // An atom's place in units of a, b, c.
  Vector3 Fractional(const Atom& atom) const;
  // Lengths, and angles alpha, beta, gamma in degrees: what a crystallographer calls the cell.
  Vector3 Lengths_A() const;
  Vector3 Angles_deg() const;
  // InvalidArgument with the cell's lengths and angles unless IsBox(). Atoms keep their places.
  absl::StatusOr<Specimen> AsBox() const;
};

// a along x, b in the xy plane, c above it (as gemmi and the PDB), angles in degrees. Right angles
// are exact. InvalidArgument: lengths that are not 0.1 … 1e6 Å, or angles that span no volume.
absl::StatusOr<std::array<Vector3, 3>> LatticeFromCell(const Vector3& lengths_A,
                                                       const Vector3& angles_deg);

// InvalidArgument: not finite, a vector that is not 0.1 … 1e6 Å long, vectors in one plane, or so
// nearly that the lattice has a vector shorter than 0.1 Å.
absl::Status CheckLattice(const std::array<Vector3, 3>& lattice_A);

// Other vectors of the same lattice, as short as subtracting them from each other in pairs makes
// them: nearly at right angles. Vectors of axes that are not `reduced` stay.
std::array<Vector3, 3> ReducedLattice(const std::array<Vector3, 3>& lattice_A,
                                      const std::array<bool, 3>& reduced = {true, true, true});

}  // namespace ronchi::sim
