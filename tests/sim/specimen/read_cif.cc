#include "sim/specimen/read_cif.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/specimen/read_structure.h"

namespace ronchi::sim {
namespace {

std::string Cif(const std::string& angle, const std::string& sites,
                const std::string& symmetry = "_space_group_name_H-M_alt 'P m -3 m'\n",
                const std::string& displacement = "U_iso_or_equiv") {
  return "data_x\n_cell_length_a 3.905\n_cell_length_b 3.905\n_cell_length_c 3.905\n"
         "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma " +
         angle + "\n" + symmetry +
         "loop_\n_atom_site_label\n_atom_site_type_symbol\n"
         "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n"
         "_atom_site_" +
         displacement + "\n" + sites;
}

// The same crystal twice: from three sites and Pm-3m, and from five atoms written out. The origins
// differ by a quarter cell along the beam.
TEST(ReadCif, SymmetryMakesTheFiveAtomsOfSrTiO3) {
  const auto cif = ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3.cif");
  const auto xyz = ReadStructure(RONCHI_SOURCE_DIR "/data/structures/SrTiO3_001.xyz");
  ASSERT_TRUE(cif.ok()) << cif.status();
  ASSERT_TRUE(xyz.ok()) << xyz.status();
  EXPECT_EQ(cif->cell_A, xyz->cell_A);
  ASSERT_EQ(cif->atoms.size(), xyz->atoms.size());
  for (const Atom& a : xyz->atoms) {
    EXPECT_TRUE(std::any_of(cif->atoms.begin(), cif->atoms.end(),
                            [&](const Atom& b) {
                              return a.z == b.z && std::fabs(a.x_A - b.x_A) < 1e-9 &&
                                     std::fabs(a.y_A - b.y_A) < 1e-9 &&
                                     std::fabs(a.z_A - b.z_A - 3.905 / 4) < 1e-9;
                            }))
        << a.z << " at " << a.x_A << " " << a.y_A << " " << a.z_A;
  }
}

TEST(ReadCif, TakesOccupancyAndDisplacement) {
  const auto s = ReadCif("x.cif", Cif("90", "Sr1 Sr 0 0 0 0.75 0.0064\n"));
  ASSERT_TRUE(s.ok()) << s.status();
  ASSERT_EQ(s->atoms.size(), 1u);
  EXPECT_DOUBLE_EQ(s->atoms[0].occupancy, 0.75);
  EXPECT_DOUBLE_EQ(s->atoms[0].rms_A, 0.08);
}

TEST(ReadCif, TakesBAndAnisotropicDisplacements) {
  // B = 8π² · 0.0064 Å².
  const auto b = ReadCif("x.cif", Cif("90", "Sr1 Sr 0 0 0 1 0.505324\n", "", "B_iso_or_equiv"));
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_NEAR(b->atoms[0].rms_A, 0.08, 1e-7);  // six digits of B
  // In a hexagonal cell 3 U_eq = U33 + 4/3 (U11 + U22 - U12).
  const auto u = ReadCif(
      "x.cif", Cif("120", "Sr1 Sr 0 0 0 1 .\n", "") +
                   "loop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\n"
                   "_atom_site_aniso_U_22\n_atom_site_aniso_U_33\n_atom_site_aniso_U_12\n"
                   "_atom_site_aniso_U_13\n_atom_site_aniso_U_23\nSr1 0.01 0.01 0.004 0.005 0 0\n");
  ASSERT_TRUE(u.ok()) << u.status();
  EXPECT_NEAR(u->atoms[0].rms_A, std::sqrt((0.004 + 4 / 3. * 0.015) / 3), 1e-12);
}

TEST(ReadCif, AnyCellKeepsItsLengthsAnglesAndSymmetry) {
  const auto c = ReadCif("x.cif", Cif("120", "Sr1 Sr 0.2 0.3 0.4 1 0\n", ""));
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_FALSE(c->IsBox());
  for (double length : c->Lengths_A()) EXPECT_NEAR(length, 3.905, 1e-12);
  EXPECT_NEAR(c->Angles_deg()[0], 90, 1e-12);
  EXPECT_NEAR(c->Angles_deg()[2], 120, 1e-12);
  EXPECT_NEAR(c->Fractional(c->atoms[0])[0], 0.2, 1e-12);
  EXPECT_NEAR(c->Fractional(c->atoms[0])[1], 0.3, 1e-12);
  EXPECT_TRUE(absl::IsInvalidArgument(c->AsBox().status()));
}

// The operations of a file say more than a name: with the inversion alone, a general site has two
// atoms, whatever the name says.
TEST(ReadCif, TheFilesOperationsComeBeforeItsName) {
  const auto count = [](const std::string& symmetry) {
    const auto c = ReadCif("x.cif", Cif("90", "Sr1 Sr 0.11 0.23 0.37 1 0\n", symmetry));
    EXPECT_TRUE(c.ok()) << c.status();
    return c.ok() ? c->atoms.size() : 0;
  };
  const std::string operations = "loop_\n_space_group_symop_operation_xyz\nx,y,z\n-x,-y,-z\n";
  EXPECT_EQ(count(""), 1u);
  EXPECT_EQ(count("_space_group_IT_number 221\n"), 48u);
  EXPECT_EQ(count("_space_group_name_H-M_alt 'P m -3 m'\n"), 48u);
  EXPECT_EQ(count("_space_group_name_H-M_alt 'P m -3 m'\n" + operations), 2u);
}

TEST(ReadCif, RefusesInOneLine) {
  const auto message = [](const std::string& text) {
    const auto s = ReadCif("x.cif", text);
    EXPECT_TRUE(absl::IsInvalidArgument(s.status()));
    const std::string m(s.status().message());
    EXPECT_EQ(m.find('\n'), std::string::npos) << m;
    EXPECT_EQ(m.rfind("x.cif", 0), 0u) << m;
    return m;
  };
  EXPECT_NE(message(Cif("180", "Sr1 Sr 0 0 0 1 0\n")).find("180"), std::string::npos);
  EXPECT_NE(message(Cif("?", "Sr1 Sr 0 0 0 1 0\n")).find("angle"), std::string::npos);
  EXPECT_NE(message(Cif("90", "Sr1 Sr ? 0 0 1 0\n")).find("coordinate"), std::string::npos);
  EXPECT_NE(message(Cif("90", "Sr1 Sr 0 0 0 1 9\n")).find("rms displacement 3"), std::string::npos);
  EXPECT_NE(message(Cif("90", "Sr1 Sr 0 0 0 1 0\n", "_space_group_name_H-M_alt 'Q 7'\n"))
                .find("unknown space group 'Q 7'"),
            std::string::npos);
  EXPECT_NE(message(Cif("90", "Sr1 Sr 0 0 0 1 0\n", "_space_group_IT_number 99999999999\n"))
                .find("unknown space group number"),
            std::string::npos);
  message(Cif("90", "Sr1 Sr 0 0 0 1 0\n", "loop_\n_space_group_symop_operation_xyz\nx,y\n"));
  EXPECT_NE(message(Cif("90", "Q1 Qq 0 0 0 1 0\n")).find("Qq"), std::string::npos);
  EXPECT_NE(message(Cif("90", "Sr1 Sr 0 0 0 1.5 0\n")).find("1.5"), std::string::npos);
  message(Cif("90", "Sr1 Sr 0 0\n"));  // a row that ends early
  message("data_x\n_cell_length_b 4\n");
  message("loop_ loop_ {");
}

}  // namespace
}  // namespace ronchi::sim
