#include "sim/potential/gauss_legendre.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::sim {
namespace {

TEST(GaussLegendre, IsExactForPolynomials) {
  for (int n : {1, 2, 5, 24}) {
    for (int power = 0; power < 2 * n; ++power) {
      double sum = 0;
      for (const auto& [t, weight] : GaussLegendre(n)) sum += weight * std::pow(t, power);
      EXPECT_NEAR(sum, 1.0 / (power + 1), 1e-14) << n << " " << power;
    }
  }
}

// Mirrored about the middle, inside, of positive weight; of degree 2n no longer exact.
TEST(GaussLegendre, NodesAreSymmetric) {
  for (int n : {1, 2, 5, 24}) {
    const auto nodes = GaussLegendre(n);
    ASSERT_EQ(nodes.size(), size_t(n));
    double power = 0;
    for (int i = 0; i < n; ++i) {
      const auto& [at, weight] = nodes[size_t(i)];
      EXPECT_TRUE(at > 0 && at < 1 && weight > 0) << n;
      EXPECT_NEAR(at + nodes[size_t(n - 1 - i)].at, 1, 1e-15) << n;
      EXPECT_NEAR(weight, nodes[size_t(n - 1 - i)].weight, 1e-15) << n;
      power += weight * std::pow(at - 0.5, 2 * n);
    }
    if (n <= 5) {
      EXPECT_GT(std::pow(0.5, 2 * n) / (2 * n + 1) - power, 1e-9) << n;
    }
  }
  EXPECT_NEAR(GaussLegendre(2)[0].at, 0.5 - std::sqrt(1.0 / 12), 1e-15);
}

}  // namespace
}  // namespace ronchi::sim
