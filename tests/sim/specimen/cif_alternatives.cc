// Alternatives of disordered structures.
#include <gtest/gtest.h>

#include "tests/sim/specimen/mmcif_text.h"

namespace ronchi::sim {
namespace {

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
  const auto crystal = ReadMmCif(Disordered(kOccupancy + kGroups,
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
  const auto crystal = ReadMmCif(Disordered(kGroups,
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
  EXPECT_TRUE(Has(WarningsOf(ReadMmCif(Disordered(kOccupancy + kGroups, rows))),
                  "the alternatives of disorder assembly 'A' sum to 1.4"));
}

}  // namespace
}  // namespace ronchi::sim
