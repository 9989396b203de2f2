// Prismatic's xyz files: each mistake gives one line with file and line number.
#include <gtest/gtest.h>

#include "tests/sim/specimen/structure_file.h"

namespace ronchi::sim {
namespace {

TEST_F(ReadStructureTest, Prismatic) {
  const auto s = Of(kPrismatic);
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->title, "two atoms");
  EXPECT_EQ(s->cell_A, (std::array<double, 3>{4, 5.5, 6}));
  ASSERT_EQ(s->atoms.size(), 2u);
  EXPECT_EQ(s->atoms[0].z, 38);
  EXPECT_EQ(s->atoms[0].rms_A, 0.08);
  EXPECT_EQ(s->atoms[1].z, 8);
  EXPECT_EQ(s->atoms[1].x_A, 1.5);
  EXPECT_EQ(s->atoms[1].y_A, 2);
  EXPECT_EQ(s->atoms[1].z_A, 3.25);
  EXPECT_EQ(s->atoms[1].occupancy, 0.5);
  EXPECT_EQ(s->atoms[1].rms_A, 0);
}

TEST_F(ReadStructureTest, WindowsLineEndsAndTrailingTextMakeNoDifference) {
  std::string crlf;
  for (char c : kPrismatic) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  const auto plain = Of(kPrismatic), windows = Of(crlf), more = Of(kPrismatic + "\nafterword\n");
  ASSERT_TRUE(plain.ok() && windows.ok() && more.ok()) << windows.status() << more.status();
  for (const auto* s : {&windows, &more}) {
    EXPECT_EQ((*s)->title, plain->title);
    EXPECT_EQ((*s)->cell_A, plain->cell_A);
    ASSERT_EQ((*s)->atoms.size(), plain->atoms.size());
    EXPECT_EQ((*s)->atoms[1].z_A, plain->atoms[1].z_A);
  }
}

TEST_F(ReadStructureTest, MistakesInPrismaticFiles) {
  ExpectError("", 1, "cell");
  ExpectError("title\n", 2, "cell");
  ExpectError("title\n4 5\n", 2, "expected the cell's three lengths");
  ExpectError("title\n4 five 6\n", 2, "expected the cell's three lengths");
  ExpectError("title\n4 nan 6\n", 2, "expected the cell's three lengths");
  ExpectError("title\n4 -5 6\n", 2, "cell length -5");
  ExpectError("title\n4 1e-308 6\n", 2, "allowed: 0.1 … 1e6");
  ExpectError("title\n4 5 6\n-1\n", 3, "no atoms");
  ExpectError("title\n4 5 6\nSr 1 1 1 1\n-1\n", 3, "expected Z x y z occupancy");
  ExpectError("title\n4 5 6\n8 1 1 1 1\n8 1 1\n-1\n", 4, "expected Z x y z occupancy");
  ExpectError("title\n4 5 6\n8 1 inf 1 1\n-1\n", 3, "expected Z x y z occupancy");
  ExpectError("title\n4 5 6\n8 1 1 1 1 x\n-1\n", 3, "rms displacement 'x'");
  ExpectError("title\n4 5 6\n0 1 1 1 1\n-1\n", 3, "atomic number 0");
  ExpectError("title\n4 5 6\n119 1 1 1 1\n-1\n", 3, "atomic number 119");
  ExpectError("title\n4 5 6\n8 1 1 1 1.5\n-1\n", 3, "occupancy 1.5");
  ExpectError("title\n4 5 6\n8 1 1 1 -0.5\n-1\n", 3, "occupancy -0.5");
  ExpectError("title\n4 5 6\n8 1 1 1 1 -0.1\n-1\n", 3, "rms displacement -0.1");
  ExpectError("title\n4 5 6\n8 1 1 6.5 1\n-1\n", 3, "z = 6.5");
}

}  // namespace
}  // namespace ronchi::sim
