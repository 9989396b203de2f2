// mmCIF and Cartesian coordinates, and alternatives of disordered structures.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/specimen/elements.h"
#include "sim/specimen/read_structure.h"
#include "sim/specimen/structure_summary.h"

namespace ronchi::sim {
namespace {

absl::StatusOr<Crystal> Read(const std::string& text) {
  const std::string path = testing::TempDir() + "/mmcif_" +
                           testing::UnitTest::GetInstance()->current_test_info()->name() + ".cif";
  std::ofstream(path, std::ios::binary) << text;
  auto crystal = ReadCrystal(path);
  std::filesystem::remove(path);
  return crystal;
}

std::string WarningsOf(const absl::StatusOr<Crystal>& crystal) {
  if (!crystal.ok()) return std::string(crystal.status().message());
  std::string all;
  for (const std::string& w : crystal->summary->warnings) all += w + "\n";
  return all;
}

bool Has(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

// A hexagonal cell, whose axes are not Cartesian ones, and in it three atoms at these fractions.
constexpr double kA = 4, kC = 5;
const std::vector<Vector3> kAt = {{0.1, 0.2, 0.3}, {0.4, 0.85, 0.25}, {0.7, 0.15, 0.8}};
Vector3 Place(const Vector3& f) {
  return {kA * (f[0] - f[1] / 2), kA * f[1] * std::numbers::sqrt3 / 2, kC * f[2]};
}
Vector3 Turned(const Vector3& r, double angle) {
  return {std::cos(angle) * r[0] - std::sin(angle) * r[1],
          std::sin(angle) * r[0] + std::cos(angle) * r[1], r[2]};
}

std::string Cell(double a = kA, double c = kC) {
  return absl::StrCat("data_case\n_cell.length_a ", a, "\n_cell.length_b ", a, "\n_cell.length_c ",
                      c, "\n_cell.angle_alpha 90\n_cell.angle_beta 90\n_cell.angle_gamma 120\n");
}
const std::string kLoop =
    "loop_\n_atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n"
    "_atom_site.label_atom_id\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\n";

// Zinc, an α carbon whose name looks like calcium, chlorine.
std::string Atoms(double angle = 0, const Vector3& shift_A = {0, 0, 0},
                  const std::string& model = "") {
  const char* const kNames[] = {"ZN ZN", "C CA", "CL CL"};
  std::string text;
  for (size_t i = 0; i < 3; ++i) {
    const Vector3 r = Turned(Place(kAt[i]), angle);
    absl::StrAppendFormat(&text, "ATOM %d %s %.5f %.5f %.5f %s\n", int(i + 1), kNames[i],
                          r[0] + shift_A[0], r[1] + shift_A[1], r[2] + shift_A[2], model);
  }
  return text;
}

void ExpectAtoms(const absl::StatusOr<Crystal>& crystal) {
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  ASSERT_EQ(crystal->atoms.size(), 3u);
  const int z[] = {30, 6, 17};
  for (const Atom& a : crystal->atoms) {
    const size_t i = a.z == 30 ? 0 : a.z == 6 ? 1 : 2;
    EXPECT_EQ(a.z, z[i]);
    const Vector3 f = crystal->Fractional(a);
    for (size_t axis = 0; axis < 3; ++axis) {
      const double off = f[axis] - kAt[i][axis];
      EXPECT_NEAR(off - std::round(off), 0, 1e-5) << i;  // the file's digits
    }
  }
}

TEST(MmCif, CartesianPlacesAreThoseOfTheLattice) {
  const auto crystal = Read(Cell() + "_symmetry.space_group_name_H-M 'P 1'\n" + kLoop + Atoms());
  ExpectAtoms(crystal);
  EXPECT_EQ(WarningsOf(crystal), "");
}

// fract = M (r − origin): axes turned by 40 degrees and moved.
TEST(MmCif, TheFilesOwnAxesAreUsed) {
  const double angle = 40 * std::numbers::pi / 180;
  const Vector3 shift_A = {0.7, -0.4, 0.2};
  const double s = std::numbers::sqrt3;
  // Of the lattice's own axes; rows are turned with the places.
  const Vector3 rows[] = {{1 / kA, 1 / (kA * s), 0}, {0, 2 / (kA * s), 0}, {0, 0, 1 / kC}};
  std::string text = Cell();
  for (size_t i = 0; i < 3; ++i) {
    const Vector3 row = Turned(rows[i], angle);
    double at_shift = 0;
    for (size_t j = 0; j < 3; ++j) {
      absl::StrAppendFormat(&text, "_atom_sites.fract_transf_matrix[%d][%d] %.8f\n", int(i + 1),
                            int(j + 1), row[j]);
      at_shift += row[j] * shift_A[j];
    }
    absl::StrAppendFormat(&text, "_atom_sites.fract_transf_vector[%d] %.8f\n", int(i + 1),
                          -at_shift);
  }
  const auto crystal = Read(text + kLoop + Atoms(angle, shift_A));
  ExpectAtoms(crystal);
  // The core dictionary's names for the way back: r = M f + origin; a along y here.
  std::string core = Cell();
  const Vector3 edges[] = {Turned(Place({1, 0, 0}), angle), Turned(Place({0, 1, 0}), angle),
                           Place({0, 0, 1})};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      absl::StrAppendFormat(&core, "_atom_sites_Cartn_tran_matrix_%d%d %.8f\n", int(i + 1),
                            int(j + 1), edges[j][i]);
    }
    absl::StrAppendFormat(&core, "_atom_sites_Cartn_tran_vector_%d %.8f\n", int(i + 1), shift_A[i]);
  }
  ExpectAtoms(Read(core + kLoop + Atoms(angle, shift_A)));
}

TEST(MmCif, AxesOfAnotherCellAreNotUsed) {
  std::string text = Cell();
  for (int i = 1; i <= 3; ++i) {
    for (int j = 1; j <= 3; ++j) {
      absl::StrAppend(&text, "_atom_sites.fract_transf_matrix[", i, "][", j, "] ", i == j ? 0.1 : 0,
                      "\n");
    }
  }
  const auto crystal = Read(text + kLoop + Atoms());
  ExpectAtoms(crystal);
  EXPECT_TRUE(Has(WarningsOf(crystal), "does not have the cell's lengths")) << WarningsOf(crystal);
}

TEST(MmCif, SymmetryModelsAndCells) {
  const std::string p6 = "_symmetry.Int_Tables_number 168\n";
  const auto crystal = Read(Cell() + p6 + kLoop + Atoms());
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  EXPECT_EQ(crystal->atoms.size(), 18u);
  // Of an ensemble the first.
  const std::string models = kLoop + "_atom_site.pdbx_PDB_model_num\n";
  const auto first = Read(Cell() + models + Atoms(0, {0, 0, 0}, "1") + Atoms(0, {1, 1, 1}, "2"));
  ExpectAtoms(first);
  EXPECT_TRUE(Has(WarningsOf(first), "3 atoms are of another model")) << WarningsOf(first);
  EXPECT_TRUE(Has(WarningsOf(Read(Cell(1, 1) + kLoop + Atoms())), "stands for none"));
  EXPECT_TRUE(Has(WarningsOf(Read("data_x\n" + kLoop + Atoms())), "_cell.length_a"));
  EXPECT_TRUE(Has(WarningsOf(Read(Cell() + kLoop + "ATOM 1 C C 1 2 far\n")), "numbers, in Å"));
}

// ---- Alternatives.

std::string Disordered(const std::string& columns, const std::string& rows) {
  return "data_case\n_cell_length_a 9\n_cell_length_b 9\n_cell_length_c 9\n_cell_angle_alpha 90\n"
         "_cell_angle_beta 90\n_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'P 1'\n"
         "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
         "_atom_site_fract_z\n" +
         columns + rows;
}
const std::string kOccupancy = "_atom_site_occupancy\n";
const std::string kGroups = "_atom_site_disorder_assembly\n_atom_site_disorder_group\n";

// Two fluorines 1.3 Å apart of which one is there.
TEST(CifAlternatives, OccupanciesAreTheirsAndTheReaderIsTold) {
  const auto crystal = Read(Disordered(kOccupancy + kGroups,
                                       "B1 B 0.5 0.5 0.5 1 . .\nF1 F 0.6 0.5 0.5 0.7 A 1\n"
                                       "F2 F 0.6 0.65 0.5 0.3 A 2\n"));
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  EXPECT_NEAR(crystal->summary->elements.at(9), 1, 1e-12);
  EXPECT_NEAR(crystal->summary->elements.at(5), 1, 1e-12);
  const std::string warnings = WarningsOf(crystal);
  EXPECT_TRUE(Has(warnings, "2 sites are one of several alternatives (disorder groups 1, 2)"))
      << warnings;
  EXPECT_FALSE(Has(warnings, "equally frequent")) << warnings;
}

TEST(CifAlternatives, WithoutOccupancyTheySharePlaces) {
  const auto crystal = Read(Disordered(kGroups,
                                       "B1 B 0.5 0.5 0.5 . .\nF1 F 0.6 0.5 0.5 A 1\n"
                                       "F2 F 0.6 0.65 0.5 A 2\nCl1 Cl 0.2 0.2 0.2 B 1\n"
                                       "O1 O 0.8 0.8 0.8 . -1\n"));
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  EXPECT_NEAR(crystal->summary->elements.at(9), 1, 1e-12);   // two halves
  EXPECT_NEAR(crystal->summary->elements.at(17), 1, 1e-12);  // no alternative to it is listed
  EXPECT_NEAR(crystal->summary->elements.at(8), 1, 1e-12);   // of how many is not told
  EXPECT_TRUE(Has(WarningsOf(crystal), "2 of them have no occupancy")) << WarningsOf(crystal);
}

TEST(CifAlternatives, MoreThanOneOfThemIsTold) {
  const std::string rows = "F1 F 0.6 0.5 0.5 0.7 A 1\nF2 F 0.6 0.65 0.5 0.7 A 2\n";
  EXPECT_TRUE(Has(WarningsOf(Read(Disordered(kOccupancy + kGroups, rows))),
                  "the alternatives of disorder assembly 'A' sum to 1.4"));
}

}  // namespace
}  // namespace ronchi::sim
