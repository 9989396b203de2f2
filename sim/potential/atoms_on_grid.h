// Where an atom stands on the grid: its bilinear shares among four points, what undoes their blur,
// and a key by which equal atoms are recognised.
#pragma once

#include <array>
#include <cstdint>
#include <tuple>

#include "sim/grid.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

// Indices into [nx, ny] of the four points around an atom, and its share at each; they sum to 1.
struct GridShares {
  std::array<size_t, 4> index;
  std::array<double, 4> share;
};
GridShares ShareOnGrid(const Atom& atom, const Grid& grid);
// The derivatives of those shares by the atom's x and y, 1/Å. They are constant between grid lines
// and jump on them: there, those of a step towards +x, +y.
struct GridShareSlopes {
  std::array<double, 4> by_x_A, by_y_A;
};
GridShareSlopes ShareSlopes(const GridShares& shares, const Grid& grid);

// sin(κ)/κ, κ² = (kx dx)² + (ky dy)²: the transform of shared atoms is divided by it, as abTEM does
// (Madsen & Susi, Open Res. Europe 1, 24 (2021)).
double SharingBlur(const Grid& grid, double kx_per_A, double ky_per_A);

// An atom as far as a projection goes. Positions are compared to 1e-6 Å, far below any effect on an
// image, so that repeated cells are recognised.
using ProjectedAtom = std::tuple<int, int64_t, int64_t, int64_t>;  // Z, x, y, occupancy
ProjectedAtom ProjectAtom(const Atom& atom, const Grid& grid);

}  // namespace ronchi::sim
