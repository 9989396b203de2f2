#include "theory/laws/damage_law.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ronchi::theory {
namespace {

TEST(ExponentialFading, TheCriticalDoseLeavesOneEth) {
  const ExponentialFading law(5e20);
  EXPECT_EQ(law.RemainingOrder(0), 1);
  EXPECT_NEAR(law.RemainingOrder(5e20), 1 / std::exp(1.0), 1e-15);
  // Doses add up, however they are given.
  EXPECT_NEAR(law.RemainingOrder(3e20) * law.RemainingOrder(4e20), law.RemainingOrder(7e20), 1e-15);
  EXPECT_EQ(law.RemainingOrder(1e30), 0);
}

TEST(ExponentialFading, OfAnInfiniteDoseNothingFades) {
  const ExponentialFading law(std::numeric_limits<double>::infinity());
  EXPECT_EQ(law.RemainingOrder(1e30), 1);
}

}  // namespace
}  // namespace ronchi::theory
