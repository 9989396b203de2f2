#include "sim/specimen/crystal.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::sim {
namespace {

std::string WhyNoCell(const Vector3& lengths_A, const Vector3& angles_deg) {
  return std::string(LatticeFromCell(lengths_A, angles_deg).status().message());
}

// The cell of lengths and angles has them, and the volume of the textbook's formula.
TEST(CrystalCells, LengthsAndAnglesComeBack) {
  const Vector3 lengths = {5, 6.5, 7.25}, angles = {80, 95, 107};
  const Crystal c{.lattice_A = *LatticeFromCell(lengths, angles)};
  const Vector3 l = c.Lengths_A(), a = c.Angles_deg();
  double product = 1, squares = 0, cosines = 2;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(l[i], lengths[i], 1e-12);
    EXPECT_NEAR(a[i], angles[i], 1e-10);
    const double cosine = std::cos(angles[i] * M_PI / 180);
    product *= lengths[i], squares += cosine * cosine, cosines *= cosine;
  }
  EXPECT_NEAR(c.Volume_A3(), product * std::sqrt(1 - squares + cosines), 1e-10);
  EXPECT_EQ(c.lattice_A[0], (Vector3{5, 0, 0}));
  EXPECT_EQ(c.lattice_A[1][2], 0);
  EXPECT_GT(c.lattice_A[2][2], 0);
  EXPECT_FALSE(c.IsBox());
  // a/4 + b/2 − c.
  Atom atom;
  double* const r[] = {&atom.x_A, &atom.y_A, &atom.z_A};
  for (size_t k = 0; k < 3; ++k) {
    *r[k] = c.lattice_A[0][k] / 4 + c.lattice_A[1][k] / 2 - c.lattice_A[2][k];
  }
  const Vector3 f = c.Fractional(atom);
  EXPECT_NEAR(f[0], 0.25, 1e-12);
  EXPECT_NEAR(f[1], 0.5, 1e-12);
  EXPECT_NEAR(f[2], -1, 1e-12);
}

TEST(CrystalCells, RightAnglesAreExact) {
  const auto lattice = *LatticeFromCell({3, 4, 5}, {90.0004, 90, 89.9995});
  EXPECT_EQ(lattice, (std::array<Vector3, 3>{{{3, 0, 0}, {0, 4, 0}, {0, 0, 5}}}));
  Crystal c{.lattice_A = lattice, .atoms = {{.z = 6, .x_A = -1}}, .title = "box"};
  ASSERT_TRUE(c.IsBox());
  const auto box = c.AsBox();
  ASSERT_TRUE(box.ok());
  EXPECT_EQ(box->cell_A, (std::array<double, 3>{3, 4, 5}));
  EXPECT_EQ(box->atoms[0].x_A, -1);  // atoms keep their places
  EXPECT_EQ(box->title, "box");
  c.lattice_A[0][0] = -3;
  EXPECT_FALSE(c.IsBox());
  c.lattice_A = *LatticeFromCell({3, 3, 5}, {90, 90, 120});
  EXPECT_EQ(c.AsBox().status().message(),
            "the cell (3, 3, 5 Å; 90, 90, 120 degrees) is not a box along x, y, z");
}

TEST(CrystalCells, WhatIsNoCellIsRefused) {
  const Vector3 right = {90, 90, 90};
  EXPECT_EQ(WhyNoCell({3, 3, 3}, {90, 0, 90}),
            "cell angle 0 degrees is not allowed; allowed: between 0 and 180");
  EXPECT_EQ(WhyNoCell({3, 3, 3}, {90, 180, 90}),
            "cell angle 180 degrees is not allowed; allowed: between 0 and 180");
  EXPECT_EQ(WhyNoCell({3, 3, 3}, {30, 40, 80}), "cell angles 30, 40, 80 degrees span no volume");
  EXPECT_EQ(WhyNoCell({3, 0.05, 3}, right),
            "cell length 0.05 Å is not allowed; allowed: 0.1 … 1e+06");
  EXPECT_EQ(WhyNoCell({3, 3, 1e6}, right),
            "cell length 1e+06 Å is not allowed; allowed: 0.1 … 1e+06");
  EXPECT_FALSE(LatticeFromCell({3, NAN, 3}, right).ok());
  EXPECT_FALSE(LatticeFromCell({3, 3, 3}, {90, NAN, 90}).ok());
  EXPECT_EQ(CheckLattice({{{1, 0, 0}, {0, 1, 0}, {1, 1, 0}}}).message(),
            "the cell's three vectors lie in one plane");
  // Long vectors at a small angle: their difference is short.
  EXPECT_EQ(CheckLattice({{{100, 0, 0}, {100, 0.05, 0}, {0, 0, 10}}}).message(),
            "the cell's three vectors lie nearly in one plane: the lattice repeats after 0.05 Å");
}

// The same lattice: the volume stays, and each new vector is a whole combination of the old ones.
TEST(CrystalCells, ReducedVectorsAreShorterAndOfTheSameLattice) {
  const std::array<Vector3, 3> skew = {{{3, 0, 0}, {3 * 7 + 0.4, 4, 0}, {-6, 4 * 5 + 0.3, 5}}};
  const Crystal before{.lattice_A = skew}, after{.lattice_A = ReducedLattice(skew)};
  EXPECT_NEAR(after.Volume_A3(), before.Volume_A3(), 1e-9);
  for (const Vector3& v : after.lattice_A) {
    EXPECT_LT(std::hypot(v[0], v[1], v[2]), 6);
    for (double f : before.Fractional({.x_A = v[0], .y_A = v[1], .z_A = v[2]})) {
      EXPECT_NEAR(f, std::round(f), 1e-9);
    }
  }
  // Axes that are not to be reduced stay as they are.
  const auto part = ReducedLattice(skew, {true, true, false});
  EXPECT_EQ(part[2], skew[2]);
  EXPECT_LT(std::hypot(part[1][0], part[1][1]), 5);
}

}  // namespace
}  // namespace ronchi::sim
