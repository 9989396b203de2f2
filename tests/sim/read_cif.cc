#include "sim/read_cif.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sim/read_structure.h"

namespace ronchi::sim {
namespace {

std::string Cif(const std::string& angle, const std::string& sites) {
  return "data_x\n_cell_length_a 3.905\n_cell_length_b 3.905\n_cell_length_c 3.905\n"
         "_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma " +
         angle +
         "\n_space_group_name_H-M_alt 'P m -3 m'\nloop_\n_atom_site_label\n_atom_site_type_symbol\n"
         "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n"
         "_atom_site_U_iso_or_equiv\n" +
         sites;
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

TEST(ReadCif, RefusesInOneLine) {
  const auto message = [](const std::string& text) {
    const auto s = ReadCif("x.cif", text);
    EXPECT_TRUE(absl::IsInvalidArgument(s.status()));
    const std::string m(s.status().message());
    EXPECT_EQ(m.find('\n'), std::string::npos) << m;
    EXPECT_EQ(m.rfind("x.cif", 0), 0u) << m;
    return m;
  };
  EXPECT_NE(message(Cif("120", "Sr1 Sr 0 0 0 1 0\n")).find("120"), std::string::npos);
  EXPECT_NE(message(Cif("90", "Q1 Qq 0 0 0 1 0\n")).find("Qq"), std::string::npos);
  EXPECT_NE(message(Cif("90", "Sr1 Sr 0 0 0 1.5 0\n")).find("1.5"), std::string::npos);
  message(Cif("90", "Sr1 Sr 0 0\n"));  // a row that ends early
  message("data_x\n_cell_length_b 4\n");
  message("loop_ loop_ {");
}

}  // namespace
}  // namespace ronchi::sim
