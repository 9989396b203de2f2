#include "hw/twin/sheet/graphene.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::hw {
namespace {

TEST(Graphene, EveryNeighbourIsABondAwayAndLeadsBack) {
  const Graphene sheet(0.7, {3, -2});
  for (const Site& site : {Site{}, Site{0, 0, true}, Site{-4, 7, false}, Site{5, -3, true}}) {
    const Vector2 at = sheet.Place_A(site);
    EXPECT_EQ(sheet.Nearest({at[0] + 0.3, at[1] - 0.4}), site);  // half a bond would be 0.71
    for (size_t k = 0; k < 3; ++k) {
      const Site to = sheet.Neighbour(site, k);
      const Vector2 there = sheet.Place_A(to), bond = sheet.Bonds_A(site)[k];
      EXPECT_NEAR(there[0] - at[0], bond[0], 1e-12);
      EXPECT_NEAR(there[1] - at[1], bond[1], 1e-12);
      EXPECT_NEAR(std::hypot(bond[0], bond[1]), 1.42, 1e-12);
      EXPECT_EQ(sheet.Neighbour(to, k), site);
    }
  }
}

}  // namespace
}  // namespace ronchi::hw
