// Structure files, whole and broken: each mistake gives one line with file and line number.
#include "sim/specimen/read_structure.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace ronchi::sim {
namespace {

class ReadStructureTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (std::filesystem::path(testing::TempDir()) /
             (std::string("structure_") +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".xyz"))
                .string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  absl::StatusOr<Specimen> Of(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return ReadStructure(path_);
  }
  // The message must begin with "<path>:<line>: " and hold `what`.
  void ExpectError(const std::string& text, int line, const std::string& what) {
    const absl::StatusOr<Specimen> s = Of(text);
    ASSERT_FALSE(s.ok()) << text;
    EXPECT_TRUE(absl::IsInvalidArgument(s.status())) << s.status();
    const std::string message(s.status().message());
    EXPECT_EQ(message.rfind(path_ + ":" + std::to_string(line) + ": ", 0), 0u) << message;
    EXPECT_NE(message.find(what), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  std::string path_;
};

const std::string kPrismatic =
    "two atoms\n"
    "  4 5.5 6\n"
    "38 0.5 1 2 1.0 0.08\n"
    "  8\t1.5 2 3.25 0.5\n"
    "-1\n";

TEST_F(ReadStructureTest, Prismatic) {
  const auto s = Of(kPrismatic);
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->title, "two atoms");
  EXPECT_EQ(s->cell_A, (std::array<double, 3>{4, 5.5, 6}));
  ASSERT_EQ(s->atoms.size(), 2u);
  EXPECT_EQ(s->atoms[0].z, 38);
  EXPECT_EQ(s->atoms[0].rms_A, 0.08);
  EXPECT_EQ(s->atoms[1].z, 8);
  EXPECT_EQ(s->atoms[1].x_A, 1.5);
  EXPECT_EQ(s->atoms[1].y_A, 2);
  EXPECT_EQ(s->atoms[1].z_A, 3.25);
  EXPECT_EQ(s->atoms[1].occupancy, 0.5);
  EXPECT_EQ(s->atoms[1].rms_A, 0);
}

TEST_F(ReadStructureTest, WindowsLineEndsAndTrailingTextMakeNoDifference) {
  std::string crlf;
  for (char c : kPrismatic) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  const auto plain = Of(kPrismatic), windows = Of(crlf), more = Of(kPrismatic + "\nafterword\n");
  ASSERT_TRUE(plain.ok() && windows.ok() && more.ok()) << windows.status() << more.status();
  for (const auto* s : {&windows, &more}) {
    EXPECT_EQ((*s)->title, plain->title);
    EXPECT_EQ((*s)->cell_A, plain->cell_A);
    ASSERT_EQ((*s)->atoms.size(), plain->atoms.size());
    EXPECT_EQ((*s)->atoms[1].z_A, plain->atoms[1].z_A);
  }
}

const std::string kExtended =
    "3\n"
    "Lattice=\"4 0 0 0 5 0 0 0 6\" "
    "Properties=species:S:1:forces:R:3:pos:R:3:occupancy:R:1:rms:R:1 pbc=\"T T T\"\n"
    "Sr 9 9 9 0.5 1 2 0.75 0.08\n"
    "o  9 9 9 1.5 2 3 1 0\n"
    "22 9 9 9 2.5 3 4 1 0.1\n";

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

TEST_F(ReadStructureTest, MistakesInPrismaticFiles) {
  ExpectError("", 1, "cell");
  ExpectError("title\n", 2, "cell");
  ExpectError("title\n4 5\n", 2, "expected the cell's three lengths");
  ExpectError("title\n4 five 6\n", 2, "expected the cell's three lengths");
  ExpectError("title\n4 nan 6\n", 2, "expected the cell's three lengths");
  ExpectError("title\n4 -5 6\n", 2, "cell length -5");
  ExpectError("title\n4 1e-308 6\n", 2, "allowed: 0.1 … 1e6");
  ExpectError("title\n4 5 6\n-1\n", 3, "no atoms");
  ExpectError("title\n4 5 6\nSr 1 1 1 1\n-1\n", 3, "expected Z x y z occupancy");
  ExpectError("title\n4 5 6\n8 1 1 1 1\n8 1 1\n-1\n", 4, "expected Z x y z occupancy");
  ExpectError("title\n4 5 6\n8 1 inf 1 1\n-1\n", 3, "expected Z x y z occupancy");
  ExpectError("title\n4 5 6\n8 1 1 1 1 x\n-1\n", 3, "rms displacement 'x'");
  ExpectError("title\n4 5 6\n0 1 1 1 1\n-1\n", 3, "atomic number 0");
  ExpectError("title\n4 5 6\n119 1 1 1 1\n-1\n", 3, "atomic number 119");
  ExpectError("title\n4 5 6\n8 1 1 1 1.5\n-1\n", 3, "occupancy 1.5");
  ExpectError("title\n4 5 6\n8 1 1 1 -0.5\n-1\n", 3, "occupancy -0.5");
  ExpectError("title\n4 5 6\n8 1 1 1 1 -0.1\n-1\n", 3, "rms displacement -0.1");
  ExpectError("title\n4 5 6\n8 1 1 6.5 1\n-1\n", 3, "z = 6.5");
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

TEST_F(ReadStructureTest, TruncatedFiles) {
  ExpectError("title\n4 5 6\n8 1 1 1 1", 3, "looks truncated");
  ExpectError("title\n4 5 6\n8 1 1 1 1", 3, "after 1 atoms");
  ExpectError("3\nLattice=\"4 0 0 0 5 0 0 0 6\"\nO 1 1 1\nO 1 1 2", 4, "after 2 atoms");
  // Cut anywhere, a file never passes for a smaller specimen, nor crashes the reader.
  for (const std::string& whole : {kPrismatic, kExtended}) {
    const size_t atoms = Of(whole)->atoms.size();
    for (size_t n = 0; n + 1 < whole.size(); ++n) {
      const auto s = Of(whole.substr(0, n));
      if (s.ok()) {
        EXPECT_EQ(s->atoms.size(), atoms) << whole.substr(0, n);
      }
    }
  }
}

TEST_F(ReadStructureTest, NotAStructure) {
  ExpectError(std::string("\x89HDF\0\0", 6), 1, "not a text file");
  EXPECT_TRUE(absl::IsNotFound(ReadStructure(path_ + ".missing").status()));
}

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
