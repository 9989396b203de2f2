#include "core/quantity.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

TEST(Quantity, ParsesUnitsIntoSi) {
  EXPECT_DOUBLE_EQ(ParseQuantity("10 nm")->si, 1e-8);
  EXPECT_DOUBLE_EQ(ParseQuantity("-2.5 mrad")->si, -2.5e-3);
  EXPECT_EQ(ParseQuantity("30 pA")->dimension, Dimension::kCurrent);
  EXPECT_EQ(ParseQuantity("4")->dimension, Dimension::kNone);
}

TEST(Quantity, RefusesWhatItDoesNotKnow) {
  for (const char* bad : {"", "nm", "ten nm", "nan nm", "inf m", "3 furlong"}) {
    EXPECT_FALSE(ParseQuantity(bad).ok()) << bad;
  }
}

TEST(Quantity, FormatsWithPrefix) {
  EXPECT_EQ(Format(Metres(-12.5e-9)), "-12.5 nm");
  EXPECT_EQ(Format(Radians(0.024)), "24 mrad");
  EXPECT_EQ(Format(Amperes(0)), "0 pA");  // "0 A" reads like ångström
  EXPECT_EQ(Format(Metres(0)), "0 nm");
  EXPECT_EQ(Format(Radians(0)), "0 mrad");
  EXPECT_EQ(Format(Volts(2e5)), "200 kV");
}

}  // namespace
}  // namespace ronchi
