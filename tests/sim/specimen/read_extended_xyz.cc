// Extended xyz files: each mistake gives one line with file and line number.
#include <gtest/gtest.h>

#include "tests/sim/specimen/structure_file.h"

namespace ronchi::sim {
namespace {

TEST_F(ReadStructureTest, ExtendedXyzWithProperties) {
  const auto s = Of(kExtended);
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->cell_A, (std::array<double, 3>{4, 5, 6}));
  ASSERT_EQ(s->atoms.size(), 3u);
  EXPECT_EQ(s->atoms[0].z, 38);
  EXPECT_EQ(s->atoms[1].z, 8);
  EXPECT_EQ(s->atoms[2].z, 22);
  EXPECT_EQ(s->atoms[0].x_A, 0.5);
  EXPECT_EQ(s->atoms[0].occupancy, 0.75);
  EXPECT_EQ(s->atoms[0].rms_A, 0.08);
  EXPECT_EQ(s->atoms[2].z_A, 4);
}

TEST_F(ReadStructureTest, ExtendedXyzWithoutPropertiesIsSpeciesAndPosition) {
  const auto s = Of("1\r\nLattice=\"4 0 0 0 5 0 0 0 6\"\r\nTi 1 2 3\r\n");
  ASSERT_TRUE(s.ok()) << s.status();
  ASSERT_EQ(s->atoms.size(), 1u);
  EXPECT_EQ(s->atoms[0].z, 22);
  EXPECT_EQ(s->atoms[0].occupancy, 1);
  EXPECT_EQ(s->atoms[0].y_A, 2);
}

TEST_F(ReadStructureTest, ThermalAndStaticDisplacements) {
  const std::string head = "1\nLattice=\"4 0 0 0 5 0 0 0 6\" Properties=species:S:1:pos:R:3:";
  // B = 8π² · 0.0064 Å² to nine digits.
  for (const std::string column : {"B", "biso", "b_iso", "B_iso"}) {
    const auto s = Of(head + column + ":R:1\nTi 1 2 3 0.505323747\n");
    ASSERT_TRUE(s.ok()) << s.status();
    EXPECT_NEAR(s->atoms[0].rms_A, 0.08, 1e-9) << column;
  }
  for (const std::string column : {"uiso", "u_iso", "U_iso"}) {
    const auto s = Of(head + column + ":R:1\nTi 1 2 3 0.0064\n");
    ASSERT_TRUE(s.ok()) << s.status();
    EXPECT_DOUBLE_EQ(s->atoms[0].rms_A, 0.08) << column;
  }
  for (const std::string column : {"disp", "displacement", "displacements"}) {
    const auto s = Of(head + column + ":R:3\nTi 1 2 3 0.5 -0.25 0.125\n");
    ASSERT_TRUE(s.ok()) << s.status();
    EXPECT_EQ(s->atoms[0].x_A, 1.5);
    EXPECT_EQ(s->atoms[0].y_A, 1.75);
    EXPECT_EQ(s->atoms[0].z_A, 3.125);
  }
}

TEST_F(ReadStructureTest, AColumnMayComeFirst) {
  const auto s =
      Of("1\nLattice=\"4 0 0 0 5 0 0 0 6\" "
         "Properties=rms:R:1:species:S:1:pos:R:3\n0.07 Ti 1 2 3\n");
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->atoms[0].rms_A, 0.07);
}

TEST_F(ReadStructureTest, AtomsAboveAndBelowAPeriodicBoxAreWrapped) {
  const auto s = Of("3\nLattice=\"4 0 0 0 5 0 0 0 6\"\nTi 1 2 7.5\nO 1 2 -2\nO 1 2 6\n");
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->atoms[0].z_A, 1.5);
  EXPECT_EQ(s->atoms[1].z_A, 4);
  EXPECT_EQ(s->atoms[2].z_A, 6);  // within the box: stays where the file has it
}

TEST_F(ReadStructureTest, AnObliqueLatticeIsACrystalButNoBox) {
  std::ofstream(path_) << "1\nLattice=\"3 0 0 -1.5 2.5 0 0 0 6\"\nC 0.5 1 7\n";
  const auto crystal = ReadCrystal(path_);
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  EXPECT_EQ(crystal->lattice_A[1], (Vector3{-1.5, 2.5, 0}));
  EXPECT_EQ(crystal->atoms[0].z_A, 7);
  const auto box = ReadStructure(path_);
  ASSERT_TRUE(absl::IsInvalidArgument(box.status()));
  EXPECT_EQ(box.status().message().rfind(path_ + ": the cell (3, ", 0), 0u) << box.status();
}

TEST_F(ReadStructureTest, MistakesInExtendedFiles) {
  const std::string lattice = "Lattice=\"4 0 0 0 5 0 0 0 6\"";
  ExpectError("0\n" + lattice + "\n", 1, "0 atoms");
  ExpectError("-3\n" + lattice + "\n", 1, "-3 atoms");
  ExpectError("1\nLattice=\"4 0 0 0 5 0\"\nO 1 1 1\n", 2, "expected Lattice=");
  ExpectError("1\nLattice=\"4 0 0 8 0 0 0 0 6\"\nO 1 1 1\n", 2, "lie in one plane");
  ExpectError("1\nLattice=\"4 0 0 1 1e9 0 0 0 6\"\nO 1 1 1\n", 2, "cell length 1e+09");
  ExpectError("1\nLattice=\"4 0 0 0 0 0 0 0 6\"\nO 1 1 1\n", 2, "cell length 0");
  ExpectError("1\n" + lattice + " Properties=pos:R:3\n1 1 1\n", 2, "needs species and pos");
  ExpectError("1\n" + lattice + " Properties=species:S:1:pos:R:x\nO 1 1 1\n", 2, "'x'");
  ExpectError("2\n" + lattice + "\nO 1 1 1\nXx 1 1 1\n", 4, "unknown element 'Xx'");
  ExpectError("2\n" + lattice + "\nO 1 1 1\nO 1 1\n", 4, "expected 4 columns");
  ExpectError("1\n" + lattice + " pbc=\"T T F\"\nO 1 1 7\n", 3, "z = 7");
  ExpectError("1\n" + lattice + "\nO 1e300 1 7\n", 3, "coordinate 1e+300");
  const std::string p = " Properties=species:S:1:pos:R:3:";
  ExpectError("1\n" + lattice + p + "disp:R:2\nO 1 1 1 0 0\n", 2, "allowed: 3");
  ExpectError("1\n" + lattice + p + "rms:R:1:B:R:1\nO 1 1 1 0 0\n", 2, "says again");
  ExpectError("1\n" + lattice + p + "disp:R:3\nO 1 1 1 0 0 x\n", 3, "of displacement");
  ExpectError("1\n" + lattice + p + "B:R:1\nO 1 1 1 -1\n", 3, "displacement -1");
  ExpectError("1\n" + lattice + " Properties=species:S:1:pos:R:3:occupancy:R:1\nO 1 1 1 full\n", 3,
              "occupancy 'full' is not a number");
}

}  // namespace
}  // namespace ronchi::sim
