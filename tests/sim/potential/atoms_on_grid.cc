#include "sim/potential/atoms_on_grid.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace ronchi::sim {
namespace {

const Grid kGrid{.nx = 8, .ny = 10, .lx_A = 4, .ly_A = 6};

// Sum and first moments; indices as places, unwrapped about the atom.
TEST(AtomsOnGrid, SharesSumToOneAtTheAtomsPlace) {
  for (const auto& [x, y] :
       {std::pair{0.1, 0.2}, {3.9, 5.9}, {-0.3, 7.0}, {1.0, 0.6}, {2.26, 3.3}}) {
    const GridShares s = ShareOnGrid({.z = 6, .x_A = x, .y_A = y}, kGrid);
    double sum = 0, mx = 0, my = 0;
    for (size_t q = 0; q < 4; ++q) {
      EXPECT_GE(s.share[q], 0);
      const auto from = [](double at, double place, double side) {
        return at - place - side * std::round((at - place) / side);
      };
      sum += s.share[q];
      mx += s.share[q] * from(double(s.index[q] / 10) * kGrid.dx_A(), x, kGrid.lx_A);
      my += s.share[q] * from(double(s.index[q] % 10) * kGrid.dy_A(), y, kGrid.ly_A);
    }
    EXPECT_NEAR(sum, 1, 1e-12);
    EXPECT_NEAR(mx, 0, 1e-12) << x << " " << y;
    EXPECT_NEAR(my, 0, 1e-12) << x << " " << y;
  }
}

// Files round: what is a point to their digits stands on it.
TEST(AtomsOnGrid, OnAPointItStandsThereAlone) {
  for (double off : {0.0, 1e-8, -1e-8}) {
    const GridShares s = ShareOnGrid({.z = 6, .x_A = 3.5 + off, .y_A = 5.4 + off}, kGrid);
    EXPECT_EQ(s.index[0], 7u * 10 + 9);
    EXPECT_NEAR(s.share[0], 1, 1e-6);
    EXPECT_EQ(s.index[3], 0u);  // the neighbours are those across the border
  }
}

// Shares are linear between grid lines: a difference over a small step is the slope.
TEST(AtomsOnGrid, SlopesAreDifferences) {
  const Atom atom{.z = 6, .x_A = 1.6, .y_A = 2.9};
  const GridShares at = ShareOnGrid(atom, kGrid);
  const GridShareSlopes slopes = ShareSlopes(at, kGrid);
  const double h = 1e-3;
  const GridShares x = ShareOnGrid({.z = 6, .x_A = 1.6 + h, .y_A = 2.9}, kGrid),
                   y = ShareOnGrid({.z = 6, .x_A = 1.6, .y_A = 2.9 + h}, kGrid);
  for (size_t q = 0; q < 4; ++q) {
    EXPECT_NEAR(slopes.by_x_A[q], (x.share[q] - at.share[q]) / h, 1e-9);
    EXPECT_NEAR(slopes.by_y_A[q], (y.share[q] - at.share[q]) / h, 1e-9);
  }
}

TEST(AtomsOnGrid, BlurIsOfThePixel) {
  EXPECT_EQ(SharingBlur(kGrid, 0, 0), 1);
  EXPECT_NEAR(SharingBlur(kGrid, std::numbers::pi / kGrid.dx_A(), 0), 0, 1e-12);
  EXPECT_NEAR(SharingBlur(kGrid, 0, 1), std::sin(0.6) / 0.6, 1e-12);
  EXPECT_EQ(SharingBlur(kGrid, 0.4, -0.3), SharingBlur(kGrid, -0.4, 0.3));
}

TEST(AtomsOnGrid, RepeatedAtomsAreEqual) {
  const Atom atom{.z = 6, .x_A = 1.25, .y_A = 2.5, .z_A = 3, .occupancy = 0.5};
  Atom moved = atom;
  moved.x_A += kGrid.lx_A, moved.y_A -= 2 * kGrid.ly_A, moved.z_A = 9;
  EXPECT_EQ(ProjectAtom(atom, kGrid), ProjectAtom(moved, kGrid));
  moved.x_A += 2e-7;
  EXPECT_EQ(ProjectAtom(atom, kGrid), ProjectAtom(moved, kGrid));
  moved.x_A += 2e-6;
  EXPECT_NE(ProjectAtom(atom, kGrid), ProjectAtom(moved, kGrid));
  Atom other = atom;
  other.occupancy = 0.5001;
  EXPECT_NE(ProjectAtom(atom, kGrid), ProjectAtom(other, kGrid));
  other = atom;
  other.z = 7;
  EXPECT_NE(ProjectAtom(atom, kGrid), ProjectAtom(other, kGrid));
}

}  // namespace
}  // namespace ronchi::sim
