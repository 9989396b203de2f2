#include "sim/grid.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::sim {
namespace {

TEST(WaveGrid, FrequenciesAreInTheTransformsOrder) {
  const Grid even{.nx = 4, .ny = 5, .lx_A = 2, .ly_A = 10};
  const double x[] = {0, 0.5, -1, -0.5}, y[] = {0, 0.1, 0.2, -0.2, -0.1};
  for (size_t i = 0; i < 4; ++i) EXPECT_DOUBLE_EQ(even.kx_per_A(i), x[i]);
  for (size_t j = 0; j < 5; ++j) EXPECT_DOUBLE_EQ(even.ky_per_A(j), y[j]);
  EXPECT_DOUBLE_EQ(even.dx_A(), 0.5);
  EXPECT_DOUBLE_EQ(even.dy_A(), 2);
  EXPECT_DOUBLE_EQ(even.band_limit_per_A(), 2.0 / 3 / 4);  // of the coarser axis
}

// Half at the middle of the taper, and continuous at both of its ends.
TEST(WaveGrid, TheApertureIsAHalfCosineBelowTheLimit) {
  const Grid g{.nx = 100, .ny = 100, .lx_A = 10, .ly_A = 10};
  const double limit = 10.0 / 3, taper = 0.1;
  EXPECT_DOUBLE_EQ(g.band_limit_per_A(), limit);
  EXPECT_EQ(BandLimitAperture(g, 0), 1);
  EXPECT_EQ(BandLimitAperture(g, limit - taper - 1e-9), 1);
  EXPECT_NEAR(BandLimitAperture(g, limit - taper + 1e-6), 1, 1e-9);
  EXPECT_NEAR(BandLimitAperture(g, limit - taper / 2), 0.5, 1e-9);
  EXPECT_NEAR(BandLimitAperture(g, limit - taper / 4), (1 - std::sqrt(0.5)) / 2, 1e-9);
  EXPECT_NEAR(BandLimitAperture(g, limit - 1e-6), 0, 1e-9);
  EXPECT_EQ(BandLimitAperture(g, limit + 1e-9), 0);
}

// Against trying all numbers up to there.
TEST(WaveGrid, FastPixelsAreTheLeastThatFit) {
  const auto is_fast = [](size_t n) {
    for (size_t p : {2, 3, 5}) {
      while (n % p == 0) n /= p;
    }
    return n == 1;
  };
  for (size_t multiple : {size_t(1), size_t(3), size_t(7)}) {
    for (double least : {1.0, 6.5, 7.0, 97.0, 128.0, 1001.5}) {
      const size_t n = FastPixels(multiple, least);
      EXPECT_EQ(n % multiple, 0u);
      EXPECT_TRUE(is_fast(n / multiple)) << n;
      EXPECT_GE(double(n), least);
      for (size_t m = multiple; m < n; m += multiple) {
        EXPECT_FALSE(double(m) >= least && is_fast(m / multiple)) << m << " < " << n;
      }
    }
  }
}

}  // namespace
}  // namespace ronchi::sim
