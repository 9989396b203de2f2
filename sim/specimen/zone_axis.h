// Orthogonal supercells: a crystal cut so that a lattice direction runs along the beam and the box
// repeats in x and y.
#pragma once

#include <array>

#include "core/status.h"
#include "sim/specimen/crystal.h"

namespace ronchi::sim {

using LatticeDirection = std::array<int, 3>;  // [u, v, w]: u a + v b + w c

struct ZoneCell {
  // One period along the beam, the smallest box across it. Its `strain` is |λ - 1| at most over the
  // principal stretches λ; 0 up to round-off when the lattice has orthogonal axes.
  Specimen specimen;
  // x, y, z of the box as lattice directions; right-handed. x is the one nearer to a.
  std::array<LatticeDirection, 3> axes;
};

// Axes are vectors of the lattice as given: centring is not looked for, so that [0, 0, 1] of a
// face-centred cube is the cube. Of all boxes strained by at most `max_strain` the one with the
// fewest atoms is taken; it holds box volume/cell volume × atoms, to the atom.
// InvalidArgument: the zone is [0, 0, 0], or no box of at most 10^6 atoms is strained so little
// (the message offers a strain that would do).
absl::StatusOr<ZoneCell> CutZone(const Crystal& crystal, LatticeDirection zone, double max_strain);

}  // namespace ronchi::sim
