// Atoms as files list them, and those of a cell that they mean.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/specimen/structure_case.h"

namespace ronchi::sim {
namespace {

TEST_F(StructureCases, ImagesOfAnAtomOnOppositeFacesAreOneAtom) {
  const std::string text = Cif(kP1, kXyz,
                               "Au0 Au 0 0 0\nAu1 Au 0 0 1\nAu2 Au 1 1 0\nAu3 Au 1 0 1\n"
                               "Au4 Au 0.5 0.5 0\nAu5 Au 0.5 0.5 1\n");
  EXPECT_EQ(Formula(text), "Au2");
  EXPECT_TRUE(Has(Warnings(text), "4 atoms are images")) << Warnings(text);
  // Half an atom on both faces is half an atom; two halves at one place are one.
  EXPECT_EQ(Formula(Cif(kP1, kXyz + " occupancy", "A Au 0 0 0 0.5\nB Au 0 0 1 0.5\n")), "Au0.5");
  EXPECT_EQ(Formula(Cif(kP1, kXyz + " occupancy", "A Au 0 0 0 0.5\nB Au 0 0 0 0.5\n")), "Au");
  EXPECT_EQ(Formula("t\n4 4 4\n79 0 0 0 1\n79 4 0 0 1\n79 0 0 4 1\n79 2 2 2 1\n-1\n"), "Au2");
}

TEST_F(StructureCases, OccupantsOfAPlaceAreAddedUpAndMustFit) {
  const std::string columns = kXyz + " occupancy";
  EXPECT_EQ(Formula(Cif(kP1, columns, "A Sr 0 0 0 0.3\nB Ba 0 0 0 0.7\n")), "Ba0.7 Sr0.3");
  ExpectRefused(Cif(kP1, columns, "A Sr 0 0 0 0.5\nB Ba 0 0 0 0.7\n"),
                {"CIF", "'B'", "'A'", "1.2"});
  EXPECT_EQ(Formula(Cif(kP1, columns, "A Fe 0 0 0 1.00001\n")), "Fe");
  EXPECT_EQ(Formula(Cif(kP1, columns, "A Fe 0 0 0 ?\n")), "Fe");
  ExpectRefused(Cif(kP1, columns, "A Fe 0 0 0 1.5\n"), {"CIF", "'A'", "occupancy 1.5"});
  ExpectRefused(Cif(kP1, columns, "A Fe 0 0 0 full\n"), {"CIF", "'A'", "occupancy 'full'"});
  // The whole cell listed, and symmetry that makes it again.
  const std::string listed =
      Cif("_symmetry_space_group_name_H-M 'I m m m'\n", kXyz, "A Fe 0 0 0\nB Fe 0.5 0.5 0.5\n");
  EXPECT_EQ(Formula(listed), "Fe2");
  EXPECT_TRUE(Has(Warnings(listed), "listed again")) << Warnings(listed);
}

// The four places of a general position, a quarter of an atom on each; and the same with a full
// atom, which can only mean the special position near by.
TEST_F(StructureCases, ASplitSiteKeepsItsPlaces) {
  const std::string p4mm = "_symmetry_space_group_name_H-M 'P 4 m m'\n";
  const auto split = Read(Cif(p4mm, kXyz + " occupancy", "Pb1 Pb 0.024 0.024 0 0.25\n"));
  ASSERT_TRUE(split.ok()) << split.status();
  EXPECT_EQ(split->atoms.size(), 4u);
  EXPECT_EQ(split->summary->elements.at(82), 1);
  EXPECT_NEAR(split->summary->shortest_distance_A, 2 * 0.024 * 4, 1e-9);
  const std::string full = Cif(p4mm, kXyz, "Pb1 Pb 0.024 0.024 0\n");
  EXPECT_EQ(Formula(full), "Pb");
  EXPECT_TRUE(Has(Warnings(full), "its own images")) << Warnings(full);
  // Rounded thirds are a special position, without a word.
  const std::string hexagonal =
      "data_x\n_cell_length_a 3\n_cell_length_b 3\n_cell_length_c 5\n_cell_angle_alpha 90\n"
      "_cell_angle_beta 90\n_cell_angle_gamma 120\n_space_group_name_H-M_alt 'P 63/m m c'\n"
      "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n"
      "Mg1 0.333 0.667 0.25\n";
  EXPECT_EQ(Formula(hexagonal), "Mg2");
  EXPECT_EQ(Warnings(hexagonal), "");
}

}  // namespace
}  // namespace ronchi::sim
