#include "hw/drivers/de_tem/corrector.h"

#include <gtest/gtest.h>

namespace ronchi::hw::de_tem {
namespace {

// As de-twin 0.3 answered.
constexpr const char* kTableau =
    "C1=-1.35266728e-08,0;A1=-1.67203056e-09,-5.7948992e-09;A2=-8.36475818e-09,1.61034696e-08;"
    "B2=-1.65733935e-08,4.54758503e-09;C3=4.2625132e-07,0;A3=7.43146309e-08,3.37577105e-07;"
    "S3=-2.63637837e-07,1.52647807e-07;A4=-2.35675922e-07,4.32249057e-06";

TEST(Corrector, ATableauIsReadInKrivaneksTerms) {
  const auto e = AberrationsOf(kTableau, "aberrations");
  ASSERT_TRUE(e.ok()) << e.status();
  ASSERT_EQ(e->names.size(), 14u);
  EXPECT_EQ(e->names[0], "C10");
  EXPECT_EQ(e->values[0].si, -1.35266728e-08);
  EXPECT_EQ(e->names[5], "C21.a");
  EXPECT_EQ(e->values[5].si, 3 * -1.65733935e-08);
  EXPECT_EQ(e->names[10], "C32.a");
  EXPECT_EQ(e->values[10].si, 4 * -2.63637837e-07);
}

TEST(Corrector, WhatIsNoAberrationIsPassedOver) {
  const auto e = AberrationsOf("We=1e-9,0;C1=2e-9;WD=1,1;", "defocus");
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->names, (std::vector<std::string>{"C10"}));
}

TEST(Corrector, WhatCannotBeIsRefused) {
  for (const char* none :
       {"", ";;", "We=1,2", "C1", "C1=", "C1=x,0", "C1=nan,0", "C1=inf,0", "C1=5,0", "C1=1e-9,0,0",
        "A1=1e-9", "A1=1e-9,", "A1=1e-9,0;A1=1e-9,0", "no corrector responded"}) {
    EXPECT_FALSE(AberrationsOf(none, "defocus").ok()) << none;
  }
}

}  // namespace
}  // namespace ronchi::hw::de_tem
