// One symmetry operation of a crystal, as text writes it.
#pragma once

#include <array>
#include <string>

#include "core/status.h"
#include "sim/specimen/crystal.h"

namespace ronchi::sim {

// x' = rotation x + shift, in units of a, b, c.
struct SymmetryOperation {
  std::array<std::array<double, 3>, 3> rotation = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  Vector3 shift = {0, 0, 0};
};

// "x,y,z", "-y+1/2, x-y, 0.6667+z". InvalidArgument: another text, or no operation of a lattice
// (its determinant is not ±1).
absl::StatusOr<SymmetryOperation> ParseOperation(const std::string& text);

}  // namespace ronchi::sim
