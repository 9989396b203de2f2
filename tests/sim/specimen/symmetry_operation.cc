#include "sim/specimen/symmetry_operation.h"

#include <gtest/gtest.h>

namespace ronchi::sim {
namespace {

using Rows = std::array<std::array<double, 3>, 3>;

TEST(SymmetryOperationText, IsReadTermByTerm) {
  const auto identity = ParseOperation("x,y,z");
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->rotation, (Rows{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}));
  EXPECT_EQ(identity->shift, (Vector3{0, 0, 0}));
  const auto screw = ParseOperation("-Y + 1/2, x - y , 0.6667+z");
  ASSERT_TRUE(screw.ok()) << screw.status();
  EXPECT_EQ(screw->rotation, (Rows{{{0, -1, 0}, {1, -1, 0}, {0, 0, 1}}}));
  EXPECT_EQ(screw->shift, (Vector3{0.5, 0, 2.0 / 3}));
  const auto other = ParseOperation("1/2*x-1/4+y/2, -1/2*x+1/2*y, 2*z");  // determinant 1
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->rotation, (Rows{{{0.5, 0.5, 0}, {-0.5, 0.5, 0}, {0, 0, 2}}}));
  EXPECT_EQ(other->shift, (Vector3{-0.25, 0, 0}));
}

// Twenty-fourths are meant where three or four digits stand for them; other shifts stay.
TEST(SymmetryOperationText, ShiftsSnapToTwentyFourths) {
  const auto shift = [](const std::string& x) {
    return ParseOperation("x+" + x + ",y,z")->shift[0];
  };
  EXPECT_EQ(shift("0.333"), 1.0 / 3);
  EXPECT_EQ(shift("0.0417"), 1.0 / 24);
  EXPECT_EQ(shift("0.06"), 0.06);
  EXPECT_EQ(shift("5/6"), 5.0 / 6);
  EXPECT_EQ(shift("1"), 1);
}

TEST(SymmetryOperationText, WhatIsNoneIsToldWhy) {
  const auto why = [](const std::string& text) {
    const auto op = ParseOperation(text);
    EXPECT_TRUE(absl::IsInvalidArgument(op.status())) << text;
    const std::string message(op.status().message()),
        head = "the symmetry operation '" + text + "' cannot be read: ";
    EXPECT_EQ(message.rfind(head, 0), 0u) << message;
    return message.substr(std::min(head.size(), message.size()));
  };
  EXPECT_EQ(why("x,y"), "expected three parts, as in x,y,z");
  EXPECT_EQ(why("x,y,z,x"), "expected three parts, as in x,y,z");
  EXPECT_EQ(why("x,,z"), "a part is empty");
  EXPECT_EQ(why("xy,y,z"), "a sign is missing");
  EXPECT_EQ(why("x,y,z+"), "expected x, y, z or a number");
  EXPECT_EQ(why("x,y,w"), "expected x, y, z or a number");
  EXPECT_EQ(why("x,y,z+1/0"), "a fraction");
  EXPECT_EQ(why("x,x,z"), "it does not keep the cell's volume");
  EXPECT_EQ(why("2x,y,z"), "it does not keep the cell's volume");
  EXPECT_EQ(why("x,y,1/2"), "it does not keep the cell's volume");
  EXPECT_EQ(why("x,y,z+1000"), "a shift of 1000 cells or more");
}

}  // namespace
}  // namespace ronchi::sim
