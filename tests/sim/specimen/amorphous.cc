#include "sim/specimen/amorphous.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/sim/specimen/built.h"

namespace ronchi::sim {
namespace {

TEST(Amorphous, CarbonHasItsDensityAndDistances) {
  const AmorphousOptions o = {.size_A = {40, 50}, .thickness_A = 20, .seed = 1};
  const auto s = MakeAmorphous(o), again = MakeAmorphous(o);
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_EQ(s->cell_A, (std::array<double, 3>{40, 50, 20}));
  EXPECT_EQ(s->atoms.size(), 4011u);  // 2 g/cm³ · 40 000 Å³ · 0.602214 u/(g Å³/cm³) / 12.011 u
  const double least = LeastDistance(s->atoms, s->cell_A, s->atoms);
  EXPECT_GE(least, 1.4);
  EXPECT_LT(least, 1.41);  // 4011 atoms have some pair that near
  EXPECT_EQ(PlacesOf(*s), PlacesOf(*again));
  // Even: each half of the box along each axis holds half the atoms, within five standard
  // deviations of independent places (a least distance makes it less).
  for (size_t axis : {1, 2, 3}) {
    int low = 0;
    for (const auto& p : PlacesOf(*s)) low += p[axis] < s->cell_A[axis - 1] / 2;
    EXPECT_NEAR(low, 4011 / 2., 2.5 * std::sqrt(4011)) << axis;
  }
}

// Beyond the jamming of sequential addition atoms have to be pushed; beyond close packing nothing
// helps, and one line says so.
TEST(Amorphous, PushesUpToWhatIsReachable) {
  AmorphousOptions o = {.size_A = {30, 30}, .thickness_A = 20, .min_distance_A = 2.1};
  const auto s = MakeAmorphous(o);  // a packing fraction of 0.44
  ASSERT_TRUE(s.ok()) << s.status();
  EXPECT_GE(LeastDistance(s->atoms, s->cell_A, s->atoms), 2.1);
  EXPECT_EQ(s->atoms.size(), 1805u);  // 2 · 18 000 · 0.602214/12.011
  for (const Atom& a : s->atoms) EXPECT_TRUE(a.z_A >= 0 && a.z_A <= 20);
  o.min_distance_A = 2.5;  // 0.73
  const auto jammed = MakeAmorphous(o);
  ASSERT_TRUE(absl::IsInvalidArgument(jammed.status()));
  EXPECT_NE(jammed.status().message().find("out of reach"), std::string::npos);
}

}  // namespace
}  // namespace ronchi::sim
