// What a CIF says of its atoms, in the forms that files have.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/sim/specimen/structure_case.h"

namespace ronchi::sim {
namespace {

TEST_F(StructureCases, ElementsOfCif) {
  for (const char* group : {"H2O", "NO3", "NH4", "PO4"}) {
    ExpectRefused(Cif(kP1, kXyz, std::string("X1 ") + group + " 0 0 0\n"),
                  {"CIF", "'X1'", group, "group of atoms"});
  }
  EXPECT_EQ(Formula(Cif(kP1, "fract_x fract_y fract_z", "HO1 0 0 0\n")), "H");
  EXPECT_EQ(Formula(Cif(kP1, "fract_x fract_y fract_z", "OH2 0 0 0\nWat1 0.5 0 0\nOw 0 0.5 0\n")),
            "O3");
  ExpectRefused(Cif(kP1, "fract_x fract_y fract_z", "CA1 0 0 0\n"), {"'CA1'", "C or Ca"});
  EXPECT_EQ(Formula(Cif(kP1, kXyz + " calc_flag", "A Fe 0 0 0 d\nX Fe 0.5 0 0 dum\n")), "Fe");
}

TEST_F(StructureCases, DisplacementsFromWhicheverNotationHasThem) {
  const auto rms = [&](const std::string& text) {
    const auto c = Read(text);
    EXPECT_TRUE(c.ok()) << c.status();
    return c.ok() ? c->atoms[0].rms_A : -1;
  };
  const std::string u_and_b = kXyz + " U_iso_or_equiv B_iso_or_equiv";
  const double b = 0.5, from_b = std::sqrt(b / 8) / std::numbers::pi;
  EXPECT_NEAR(rms(Cif(kP1, u_and_b, "Fe1 Fe 0 0 0 0.01 0.5\n")), 0.1, 1e-12);
  EXPECT_NEAR(rms(Cif(kP1, u_and_b, "Fe1 Fe 0 0 0 ? 0.5\n")), from_b, 1e-12);
  EXPECT_NEAR(rms(Cif(kP1, u_and_b, "Fe1 Fe 0 0 0 . 0.5\n")), from_b, 1e-12);
  for (const auto& [kind, value] : {std::pair("U", 0.01), std::pair("B", 0.5)}) {
    std::string tensor = "loop_\n_atom_site_aniso_label\n";
    for (const char* ij : {"11", "22", "33", "12", "13", "23"}) {
      tensor += std::string("_atom_site_aniso_") + kind + "_" + ij + "\n";
    }
    const std::string v = std::to_string(value);
    tensor += "Fe1 " + v + " " + v + " " + v + " 0 0 0\n";
    EXPECT_NEAR(rms(Cif(kP1, kXyz, "Fe1 Fe 0 0 0\n") + tensor), kind[0] == 'U' ? 0.1 : from_b,
                1e-12);
  }
  const std::string negative = Cif(kP1, kXyz + " U_iso_or_equiv", "Fe1 Fe 0 0 0 -0.01\n");
  EXPECT_EQ(rms(negative), 0);
  EXPECT_TRUE(Has(Warnings(negative), "negative"));
  // 0.5 Å² is a usual B, and hardly a U.
  EXPECT_TRUE(Has(Warnings(Cif(kP1, kXyz + " U_iso_or_equiv", "Fe1 Fe 0 0 0 0.5\n")), "large"));
}

TEST_F(StructureCases, FormsOfCif) {
  const std::string plain =
      Cif("_symmetry_space_group_name_H-M 'F m -3 m'\n", kXyz, "Au Au 0 0 0\n");
  EXPECT_EQ(Formula("\xEF\xBB\xBF" + plain), "Au4");
  std::string upper = plain;
  for (const char* tag : {"_cell_length_a", "loop_"}) {
    std::string big = tag;
    for (char& c : big) c = char(std::toupper(c));
    upper.replace(upper.find(tag), big.size(), big);
  }
  EXPECT_EQ(Formula(upper), "Au4");
  EXPECT_EQ(Formula("# M\xC3\xBCller, \xC5\n" + plain + "_publ_author_name 'M\xFCller'\n"), "Au4");
  const std::string pattern = "data_pattern\n_cell_length_a 4\n_pd_proc_point_id 1\n";
  EXPECT_EQ(Formula(pattern + plain), "Au4");
  EXPECT_TRUE(
      Has(Warnings(plain + Cif(kP1, kXyz, "Fe Fe 0 0 0\n").replace(5, 4, "more")), "data_case"));
  ExpectRefused(pattern, {"CIF", "no data block"});
  // Tags twice: what does not matter is passed over, what does is refused.
  EXPECT_EQ(Formula(Cif("_journal_year 1990\n_journal_year 1991\n" + kP1, kXyz, "Fe Fe 0 0 0\n")),
            "Fe");
  ExpectRefused(Cif("_cell_length_a 5\n" + kP1, kXyz, "Fe Fe 0 0 0\n"),
                {"CIF", "_cell_length_a is given twice"});
  // A length without which there is no cell.
  std::string no_b = Cif(kP1, kXyz, "Fe Fe 0 0 0\n");
  no_b.erase(no_b.find("_cell_length_b"), 24);
  ExpectRefused(no_b, {"CIF", "_cell_length_b"});
  // 90 degrees is what a missing angle means.
  std::string no_angle = Cif(kP1, kXyz, "Fe Fe 0 0 0\n");
  no_angle.erase(no_angle.find("_cell_angle_beta"), 20);
  EXPECT_EQ(Formula(no_angle), "Fe");
  EXPECT_TRUE(Has(Warnings(no_angle), "_cell_angle_beta"));
  ExpectRefused("data_x\n_atom_site.Cartn_x 1\n", {"_cell.length_a", "_atom_site.Cartn_x"});
}

}  // namespace
}  // namespace ronchi::sim
