#include "sim/specimen/specimen.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

// Workload W1: 8 × 8 × 20 cells of five atoms.
TEST(Specimen, RepeatsFillTheBoxEvenly) {
  const auto unit = ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz");
  ASSERT_TRUE(unit.ok()) << unit.status();
  const Specimen s = unit->Repeated(8, 8, 20);
  EXPECT_EQ(s.atoms.size(), 6400u);
  EXPECT_DOUBLE_EQ(s.cell_A[0], 31.24);
  EXPECT_DOUBLE_EQ(s.cell_A[2], 78.1);
  int strontium = 0;
  std::array<double, 3> sum = {0, 0, 0};
  for (const Atom& a : s.atoms) {
    strontium += a.z == 38;
    EXPECT_TRUE(a.x_A >= 0 && a.x_A < s.cell_A[0] && a.z_A >= 0 && a.z_A < s.cell_A[2]);
    if (a.z == 38) sum[0] += a.x_A, sum[1] += a.y_A, sum[2] += a.z_A;
  }
  EXPECT_EQ(strontium, 1280);
  EXPECT_NEAR(sum[0] / 1280, 3.905 * 3.5, 1e-9);  // mean of 0 … 7 cells
  EXPECT_NEAR(sum[2] / 1280, 3.905 * 9.5 + 0.97625, 1e-9);
}

TEST(Specimen, FourQuarterTurnsAreNone) {
  Specimen s;
  s.cell_A = {4, 6, 2};
  s.atoms = {{.z = 8, .x_A = 1, .y_A = 2, .z_A = 0.5}};
  const auto quarter = s.RotatedAboutBeam(90);
  ASSERT_TRUE(quarter.ok());
  EXPECT_EQ(quarter->cell_A, (std::array<double, 3>{6, 4, 2}));
  EXPECT_EQ(quarter->atoms[0].x_A, 4);  // (x, y) → (Ly − y, x)
  EXPECT_EQ(quarter->atoms[0].y_A, 1);
  const auto whole = quarter->RotatedAboutBeam(270);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->cell_A, s.cell_A);
  EXPECT_EQ(whole->atoms[0].x_A, 1);
  EXPECT_EQ(whole->atoms[0].y_A, 2);
  EXPECT_EQ(s.RotatedAboutBeam(-90)->atoms[0].x_A, s.RotatedAboutBeam(270)->atoms[0].x_A);
  EXPECT_TRUE(absl::IsInvalidArgument(s.RotatedAboutBeam(45).status()));
}

}  // namespace
}  // namespace ronchi::sim
