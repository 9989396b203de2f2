// Files of the kinds that readers take for something else without a word: each is read right, or
// refused in one line that names format and atom.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>

#include "sim/specimen/elements.h"
#include "sim/specimen/read_structure.h"
#include "sim/specimen/structure_summary.h"

namespace ronchi::sim {
namespace {

class StructureCases : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(Path()); }
  std::string Path() const {
    return testing::TempDir() + "/case_" +
           testing::UnitTest::GetInstance()->current_test_info()->name() + ".txt";
  }
  absl::StatusOr<Crystal> Read(const std::string& text,
                               const std::optional<Vector3>& cell_A = std::nullopt) {
    std::ofstream(Path(), std::ios::binary) << text;
    return ReadCrystal(Path(), cell_A);
  }
  // "Pb Ti O3", or why it is refused.
  std::string Formula(const std::string& text) {
    const auto crystal = Read(text);
    return crystal.ok() ? FormulaText(crystal->summary->elements)
                        : std::string(crystal.status().message());
  }
  std::string Warnings(const std::string& text) {
    const auto crystal = Read(text);
    if (!crystal.ok()) return std::string(crystal.status().message());
    std::string all;
    for (const std::string& w : crystal->summary->warnings) all += w + "\n";
    return all;
  }
  void ExpectRefused(const std::string& text, const std::vector<std::string>& words) {
    const auto crystal = Read(text);
    ASSERT_FALSE(crystal.ok()) << FormulaText(crystal->summary->elements);
    EXPECT_TRUE(absl::IsInvalidArgument(crystal.status()));
    const std::string message(crystal.status().message());
    EXPECT_EQ(message.find('\n'), std::string::npos);
    for (const std::string& word : words) {
      EXPECT_NE(message.find(word), std::string::npos) << message;
    }
  }
};

bool Has(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

std::string Cif(const std::string& tags, const std::string& columns, const std::string& rows,
                double a = 4, double c = 4) {
  std::string text = "data_case\n_cell_length_a " + std::to_string(a) + "\n_cell_length_b " +
                     std::to_string(a) + "\n_cell_length_c " + std::to_string(c) +
                     "\n_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90\n" + tags +
                     "loop_\n_atom_site_label\n";
  for (size_t at = 0; at < columns.size();) {
    const size_t end = std::min(columns.find(' ', at), columns.size());
    text += "_atom_site_" + columns.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text + rows;
}
const std::string kXyz = "type_symbol fract_x fract_y fract_z";
const std::string kP1 = "_symmetry_space_group_name_H-M 'P 1'\n";

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

TEST_F(StructureCases, TwoOriginsAreNotGuessed) {
  const std::string name = "_symmetry_space_group_name_H-M 'F d -3 m'\n";
  const std::string eighth = "Si1 Si 0.125 0.125 0.125\n";
  const auto with = [&](const std::string& more) {
    return Formula(Cif(name + more, kXyz, eighth, 5.4, 5.4));
  };
  ExpectRefused(Cif(name, kXyz, eighth, 5.4, 5.4), {"CIF", "F d -3 m:1", "F d -3 m:2"});
  ExpectRefused(Cif("_symmetry_Int_Tables_number 227\n", kXyz, eighth, 5.4, 5.4), {"two origins"});
  EXPECT_EQ(with("_symmetry_space_group_name_Hall '-F 4vw 2vw 3'\n"), "Si8");
  EXPECT_EQ(with("_symmetry_space_group_name_Hall 'F 4d 2 3 -1d'\n"), "Si16");
  EXPECT_EQ(with("_space_group_IT_coordinate_system_code 2\n"), "Si8");
  // The rest of the file decides: its formula with Z, its multiplicity.
  EXPECT_EQ(with("_chemical_formula_sum Si\n_cell_formula_units_Z 8\n"), "Si8");
  const std::string multiplicity =
      Cif(name, kXyz + " symmetry_multiplicity", "Si1 Si 0.125 0.125 0.125 16\n", 5.4, 5.4);
  EXPECT_EQ(Formula(multiplicity), "Si16");
  EXPECT_TRUE(Has(Warnings(multiplicity), "two origins are possible")) << Warnings(multiplicity);
}

TEST_F(StructureCases, SymmetryThatIsNotThereOrContradictsIsTold) {
  const std::string atoms = "Na Na 0 0 0\nCl Cl 0.5 0.5 0.5\n";
  const std::string identity =
      "_symmetry_space_group_name_H-M 'F m -3 m'\nloop_\n_symmetry_equiv_pos_as_xyz\n'x, y, z'\n";
  EXPECT_EQ(Formula(Cif(identity, kXyz, atoms)), "Cl Na");
  EXPECT_TRUE(Has(Warnings(Cif(identity, kXyz, atoms)), "192"));
  EXPECT_EQ(Formula(Cif("_symmetry_space_group_name_H-M 'F m -3 m'\n_symmetry_equiv_pos_as_xyz ?\n",
                        kXyz, "Au Au 0 0 0\n")),
            "Au4");
  EXPECT_EQ(Formula(Cif("_space_group_name_Hall '-F 4 2 3'\n", kXyz, "Au Au 0 0 0\n")), "Au4");
  EXPECT_EQ(
      Formula(Cif("_symmetry_space_group_name_H-M 'F d 3 m'\n_symmetry_Int_Tables_number 227\n"
                  "_space_group_IT_coordinate_system_code 1\n",
                  kXyz, "Si Si 0 0 0\n")),
      "Si8");
  EXPECT_TRUE(Has(Warnings(Cif("", kXyz, "Au Au 0 0 0\n")), "tells no symmetry"));
  // A formula that differs is named beside what is there.
  const std::string sum = Cif(kP1 + "_chemical_formula_sum 'Na Cl'\n", kXyz, "Na Na 0 0 0\n");
  EXPECT_TRUE(Has(Warnings(sum), "'Na Cl'") && Has(Warnings(sum), " Na,")) << Warnings(sum);
  const std::string near = Cif(kP1, kXyz, "A Na 0 0 0\nB Cl 0.1 0 0\n");
  EXPECT_TRUE(Has(Warnings(near), "shortest distance is 0.4 Å, between 'A' (Na) and 'B' (Cl)"))
      << Warnings(near);
}

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

std::string Extended(const std::string& keys, const std::string& atoms, int count = 1) {
  return std::to_string(count) + "\n" + keys + "\n" + atoms;
}
const std::string kLattice = "Lattice=\"10 0 0 0 12 0 0 0 14\"";

TEST_F(StructureCases, KeysOfExtendedXyz) {
  const std::string below = "Au 1 2 -3\n";
  for (const char* pbc :
       {"\"T T F\"", "[T, T, F]", "\"1 1 0\"", "\"True True False\"", "{T T F}", "F"}) {
    ExpectRefused(Extended(kLattice + " pbc=" + pbc, below), {":3: extended xyz", "Au", "z = -3"});
  }
  for (const char* pbc : {"\"T T T\"", "[T, T, T]", "T", "\"true true true\""}) {
    EXPECT_EQ(Read(Extended(kLattice + " pbc=" + pbc, below))->atoms[0].z_A, 11) << pbc;
  }
  ExpectRefused(Extended(kLattice + " pbc=\"T T\"", below), {":2: extended xyz", "pbc"});
  ExpectRefused(Extended(kLattice + " pbc=\"T T maybe\"", below), {"maybe"});
  const auto origin = Read(Extended(kLattice + " Origin=\"-5 -6 -7\"", below));
  ASSERT_TRUE(origin.ok());
  EXPECT_EQ(origin->atoms[0].x_A, 6);
  EXPECT_EQ(origin->atoms[0].z_A, 4);
  ExpectRefused(Extended(kLattice + " Origin=\"-5 -6\"", below), {"Origin"});
  // A key that ends in Lattice is another; as list, in other case it is the same.
  ExpectRefused(Extended("PrimitiveLattice=\"5 0 0 0 5 0 0 0 5\"", "Au 1 2 3\n"), {"plain xyz"});
  EXPECT_EQ(Read(Extended("PrimitiveLattice=\"5 0 0 0 5 0 0 0 5\" " + kLattice, "Au 1 2 3\n"))
                ->lattice_A[0][0],
            10);
  EXPECT_EQ(Read(Extended("Lattice=[[10,0,0],[0,12,0],[0,0,14]]", "Au 1 2 3\n"))->lattice_A[1][1],
            12);
  ExpectRefused(Extended(kLattice + " comment=\"open", "Au 1 2 3\n"),
                {":2: extended xyz", "not closed"});
  ExpectRefused(Extended(kLattice, "Au 1 2 3 4\n"), {":3: extended xyz", "expected 4 columns"});
  ExpectRefused(Extended(kLattice, "NO3 1 2 3\n"), {":3: extended xyz", "NO3"});
  EXPECT_TRUE(Has(Warnings(Extended(kLattice, "Au 1 2 3\n1\n" + kLattice + "\nAu 1 2 3\n")),
                  "first frame"));
}

TEST_F(StructureCases, OccupanciesAsAseWritesThem) {
  const std::string keys =
      "Lattice=\"3.6 0 0 0 3.6 0 0 0 3.6\" "
      "Properties=species:S:1:pos:R:3:spacegroup_kinds:I:1 occupancy=";
  const std::string atoms = "Fe 0 0 0 0\nFe 0 1.8 1.8 1\nAl 1.8 0 1.8 2\n";
  const std::string json =
      "\"_JSON {\\\"0\\\": {\\\"Fe\\\": 0.64, \\\"Ni\\\": 0.36}, \\\"1\\\": {\\\"Ni\\\": 0.5}}\"";
  const auto crystal = Read(Extended(keys + json, atoms, 3));
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  EXPECT_EQ(crystal->summary->elements, (sim::Formula{{26, 0.64}, {28, 0.86}, {13, 1}}));
  EXPECT_EQ(crystal->summary->atoms, 4u);
  EXPECT_EQ(crystal->summary->places, 3u);
  for (const char* bad : {"\"_JSON {\"", "{0: {Fe: 1}}", "\"_JSON {\\\"0\\\": 1}\"",
                          "\"_JSON {\\\"0\\\": {\\\"Qq\\\": 1}}\"",
                          "\"_JSON {\\\"0\\\": {\\\"Fe\\\": 0.7, \\\"Ni\\\": 0.7}}\""}) {
    ExpectRefused(Extended(keys + bad, atoms, 3), {":2: extended xyz", "occupancy"});
  }
  ExpectRefused(Extended(kLattice + " occupancy=" + json, "Au 1 2 3\n"), {"spacegroup_kinds"});
}

TEST_F(StructureCases, FormsOfPrismaticXyz) {
  EXPECT_EQ(Formula("t\n10, 12, 14\n79, 1, 2, 3, 1, 0.08\n79,4,5,6,1\n-1\n"), "Au2");
  ExpectRefused("t\n3.9 3.9 3.9 90 90 90\n38 0 0 0 1 0.008\n-1\n",
                {":2: Prismatic xyz", "py_multislice"});
  ExpectRefused("t\n3.9 3.9 3.9 7\n38 0 0 0 1 0.008\n-1\n", {":2: Prismatic xyz", "4 numbers"});
  ExpectRefused("t\n10 12 14\n79 1 2 3 1 0.08 5\n-1\n", {":3: Prismatic xyz", "7 numbers"});
  ExpectRefused("t\n10 12 14\n79 1 2 15 1 0.08\n-1\n", {":3: Prismatic xyz", "Au", "z = 15"});
  // Fractions in a format of Å: two atoms half an ångström apart, which as parts of a cell are not.
  ExpectRefused("t\n3.9 3.9 3.9\n38 0 0 0 1\n22 0.5 0.5 0.5 1\n8 0.5 0.5 0 1\n-1\n",
                {":5: Prismatic xyz", "fractions"});
  ExpectRefused(
      Extended("Lattice=\"3.9 0 0 0 3.9 0 0 0 3.9\"", "Sr 0 0 0\nTi 0.5 0.5 0.5\nO 0.5 0.5 0\n", 3),
      {"extended xyz", "fractions"});
  EXPECT_EQ(Formula("t\n10 10 10\n1 0 0 0 1\n1 0 0 0.74 1\n-1\n"), "H2");  // a molecule
  EXPECT_EQ(Formula("t\n10 10 10\n79 0.5 0.5 0.5 1\n-1\n"), "Au");
}

TEST_F(StructureCases, PlainXyzNeedsACell) {
  const std::string text = "2\njust a comment\nAu 1 2 3\nAu 4 5 6\n";
  ExpectRefused(text, {":1: plain xyz", "cell_A"});
  const auto crystal = Read(text, Vector3{10, 11, 12});
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  EXPECT_EQ(crystal->summary->format, "plain xyz");
  EXPECT_EQ(crystal->lattice_A[2][2], 12);
  EXPECT_EQ(crystal->atoms[1].y_A, 5);
  EXPECT_FALSE(Read(text, Vector3{10, 11, 4}).ok());  // an atom above it
  const auto own = Read("t\n4 4 4\n79 1 1 1 1\n-1\n", Vector3{10, 10, 10});
  EXPECT_TRUE(Has(std::string(own.status().message()), "cell of its own")) << own.status();
}

TEST_F(StructureCases, Poscar) {
  const std::string head = "SrTiO3\n1.0\n3.905 0 0\n0 3.905 0\n0 0 3.905\n";
  const std::string places = "0 0 0\n0.5 0.5 0.5\n0.5 0.5 0\n0.5 0 0.5\n0 0.5 0.5\n";
  EXPECT_EQ(Formula(head + "Sr Ti O\n1 1 3\nDirect\n" + places), "Sr Ti O3");
  EXPECT_EQ(Formula(head + "Sr_sv Ti_pv O/3f\n1 1 3\ndirect\n" + places), "Sr Ti O3");
  const auto moved = Read(head + "Sr\n1\nSelective dynamics\nCartesian\n1 2 3 T T F\n");
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(moved->atoms[0].y_A, 2);
  // A factor, and a volume in its place.
  EXPECT_EQ(Read("t\n2.0\n2 0 0\n0 2 0\n0 0 2\nFe\n1\nC\n1 1 1\n")->atoms[0].x_A, 2);
  EXPECT_NEAR(Read("t\n-64\n2 0 0\n0 2 0\n0 0 2\nFe\n1\nD\n0.5 0 0\n")->atoms[0].x_A, 2, 1e-12);
  ExpectRefused(head + "1 1 3\nDirect\n" + places, {":6: POSCAR", "symbols"});
  ExpectRefused(head + "Sr Ti O\n1 1\nDirect\n" + places, {":7: POSCAR"});
  ExpectRefused(head + "Sr Ti Qq\n1 1 3\nDirect\n" + places, {":6: POSCAR", "Qq"});
  ExpectRefused(head + "Sr Ti O\n1 1 4\nDirect\n" + places, {"POSCAR"});
  ExpectRefused(head + "Sr\n1\nDirect\n0 0 0 Ti\n", {":9: POSCAR", "Sr", "'Ti'"});
  ExpectRefused(head + "Sr\n1\nDirect\n0 0 0 0.5\n", {":9: POSCAR", "4 numbers"});
}

TEST_F(StructureCases, OtherFormatsAreNamed) {
  ExpectRefused("HEADER    PROTEIN\nATOM      1  N   MET A   1\n", {"PDB"});
  ExpectRefused("TITL x\nCELL 0.71 4 4 4 90 90 90\n", {"SHELX"});
  ExpectRefused("{\"1\": {\"cell\": []}}\n", {"JSON"});
  ExpectRefused("# lammps\n\n4 atoms\n0 4 xlo xhi\n", {"LAMMPS"});
  // Nothing that a terminal obeys comes out of a message.
  const auto bad =
      Read("data_\x1b[31m\n_cell_length_a 4\n_cell_length_b ?\n_atom_site_fract_x 0\n");
  EXPECT_FALSE(Has(std::string(bad.status().message()), "\x1b"));
}

}  // namespace
}  // namespace ronchi::sim
