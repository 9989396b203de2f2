// What else mmCIF says: symmetry, models, a cell that is none.
#include <gtest/gtest.h>

#include "tests/sim/specimen/mmcif_text.h"

namespace ronchi::sim {
namespace {

TEST(MmCif, SymmetryModelsAndCells) {
  const std::string p6 = "_symmetry.Int_Tables_number 168\n";
  const auto crystal = ReadMmCif(MmCifCell() + p6 + kMmCifLoop + MmCifAtoms());
  ASSERT_TRUE(crystal.ok()) << crystal.status();
  EXPECT_EQ(crystal->atoms.size(), 18u);
  // Of an ensemble the first.
  const std::string models = kMmCifLoop + "_atom_site.pdbx_PDB_model_num\n";
  const auto first = ReadMmCif(MmCifCell() + models + MmCifAtoms(0, {0, 0, 0}, "1") +
                               MmCifAtoms(0, {1, 1, 1}, "2"));
  ExpectMmCifAtoms(first);
  EXPECT_TRUE(Has(WarningsOf(first), "3 atoms are of another model")) << WarningsOf(first);
  EXPECT_TRUE(
      Has(WarningsOf(ReadMmCif(MmCifCell(1, 1) + kMmCifLoop + MmCifAtoms())), "stands for none"));
  EXPECT_TRUE(Has(WarningsOf(ReadMmCif("data_x\n" + kMmCifLoop + MmCifAtoms())), "_cell.length_a"));
  EXPECT_TRUE(Has(WarningsOf(ReadMmCif(MmCifCell() + kMmCifLoop + "ATOM 1 C C 1 2 far\n")),
                  "numbers, in Å"));
}

}  // namespace
}  // namespace ronchi::sim
