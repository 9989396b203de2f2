// Files of the kinds that readers take for something else without a word: each is read right, or
// refused in one line that names format and atom.
#include <gtest/gtest.h>

#include "tests/sim/specimen/structure_case.h"

namespace ronchi::sim {
namespace {

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
