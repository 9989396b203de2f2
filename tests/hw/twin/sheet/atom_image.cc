#include "hw/twin/sheet/atom_image.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/random.h"
#include "hw/twin/sheet/graphene.h"

namespace ronchi::hw {
namespace {

// Against the sum over every atom within 15 Å. Left out are those beyond 4 σ, of which there are
// ten at most that add up to 3e-4 of a peak each; of the widest beam, the lattice's contrast.
TEST(AtomImage, EveryAtomNearbyCounts) {
  const AtomImage image = *AtomImage::Create(60e3, 0.08, 0.2);
  const Graphene sheet(0.9, {0.3, -0.2});
  const Site silicon{1, -1, true};
  RandomStream random({.seed = 2, .name = "test.places"});
  for (const double sigma_A : {0.3, 0.467, 0.9, 1.4, 1.6}) {
    for (int i = 0; i < 200; ++i) {
      const Vector2 place = {random.Uniform(-4, 4), random.Uniform(-4, 4)};
      double expected = 0;
      const double peak = image.carbon_A2() / (2 * std::numbers::pi * sigma_A * sigma_A);
      for (int m = -9; m <= 9; ++m) {
        for (int n = -9; n <= 9; ++n) {
          for (bool b : {false, true}) {
            const Vector2 at = sheet.Place_A({m, n, b});
            const double d2 = std::pow(at[0] - place[0], 2) + std::pow(at[1] - place[1], 2);
            const double z = Site{m, n, b} == silicon ? image.silicon_A2() / image.carbon_A2() : 1;
            expected += z * peak * std::exp(-d2 / (2 * sigma_A * sigma_A));
          }
        }
      }
      EXPECT_NEAR(image.Fraction(sheet, silicon, place, sigma_A), expected, 3e-3 * peak) << sigma_A;
    }
  }
}

}  // namespace
}  // namespace ronchi::hw
