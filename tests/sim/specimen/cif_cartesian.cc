// Cartesian places of mmCIF, and the axes that they are along.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/specimen/mmcif_text.h"

namespace ronchi::sim {
namespace {

TEST(MmCif, CartesianPlacesAreThoseOfTheLattice) {
  const auto crystal =
      ReadMmCif(MmCifCell() + "_symmetry.space_group_name_H-M 'P 1'\n" + kMmCifLoop + MmCifAtoms());
  ExpectMmCifAtoms(crystal);
  EXPECT_EQ(WarningsOf(crystal), "");
}

// fract = M (r − origin): axes turned by 40 degrees and moved.
TEST(MmCif, TheFilesOwnAxesAreUsed) {
  const double angle = 40 * std::numbers::pi / 180;
  const Vector3 shift_A = {0.7, -0.4, 0.2};
  const double s = std::numbers::sqrt3;
  // Of the lattice's own axes; rows are turned with the places.
  const Vector3 rows[] = {
      {1 / kMmCifA, 1 / (kMmCifA * s), 0}, {0, 2 / (kMmCifA * s), 0}, {0, 0, 1 / kMmCifC}};
  std::string text = MmCifCell();
  for (size_t i = 0; i < 3; ++i) {
    const Vector3 row = TurnedAboutZ(rows[i], angle);
    double at_shift = 0;
    for (size_t j = 0; j < 3; ++j) {
      absl::StrAppendFormat(&text, "_atom_sites.fract_transf_matrix[%d][%d] %.8f\n", int(i + 1),
                            int(j + 1), row[j]);
      at_shift += row[j] * shift_A[j];
    }
    absl::StrAppendFormat(&text, "_atom_sites.fract_transf_vector[%d] %.8f\n", int(i + 1),
                          -at_shift);
  }
  const auto crystal = ReadMmCif(text + kMmCifLoop + MmCifAtoms(angle, shift_A));
  ExpectMmCifAtoms(crystal);
  // The core dictionary's names for the way back: r = M f + origin; a along y here.
  std::string core = MmCifCell();
  const Vector3 edges[] = {TurnedAboutZ(MmCifPlace({1, 0, 0}), angle),
                           TurnedAboutZ(MmCifPlace({0, 1, 0}), angle), MmCifPlace({0, 0, 1})};
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) {
      absl::StrAppendFormat(&core, "_atom_sites_Cartn_tran_matrix_%d%d %.8f\n", int(i + 1),
                            int(j + 1), edges[j][i]);
    }
    absl::StrAppendFormat(&core, "_atom_sites_Cartn_tran_vector_%d %.8f\n", int(i + 1), shift_A[i]);
  }
  ExpectMmCifAtoms(ReadMmCif(core + kMmCifLoop + MmCifAtoms(angle, shift_A)));
}

TEST(MmCif, AxesOfAnotherCellAreNotUsed) {
  std::string text = MmCifCell();
  for (int i = 1; i <= 3; ++i) {
    for (int j = 1; j <= 3; ++j) {
      absl::StrAppend(&text, "_atom_sites.fract_transf_matrix[", i, "][", j, "] ", i == j ? 0.1 : 0,
                      "\n");
    }
  }
  const auto crystal = ReadMmCif(text + kMmCifLoop + MmCifAtoms());
  ExpectMmCifAtoms(crystal);
  EXPECT_TRUE(Has(WarningsOf(crystal), "does not have the cell's lengths")) << WarningsOf(crystal);
}

}  // namespace
}  // namespace ronchi::sim
