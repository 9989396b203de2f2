#include <gtest/gtest.h>

#include "tests/sim/specimen/structure_case.h"

namespace ronchi::sim {
namespace {

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

}  // namespace
}  // namespace ronchi::sim
