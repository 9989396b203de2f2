#include "hw/twin/column/pulse_heights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/column.h"

namespace ronchi::hw {
namespace {

using testing_support::Do;
using testing_support::Field;
using testing_support::Known;
using testing_support::Still;

// Mean a, variance a, third central moment 2a. N draws: the standard errors of the first two are
// √(a/N) and √((2a² + 6a)/N), of the third below √(100 (a + a²+ a³)/N).
TEST(PulseHeights, GammaHasItsMoments) {
  constexpr int kN = 100000;
  for (double a : {0.3, 1.0, 4.0, 300.0}) {
    RandomStream random({.seed = 1, .name = "test.gamma"});
    double mean = 0, variance = 0, third = 0;
    for (int i = 0; i < kN; ++i) {
      const double d = Gamma(a, &random) - a;
      mean += d / kN;
      variance += d * d / kN;
      third += d * d * d / kN;
    }
    EXPECT_NEAR(mean, 0, 5 * std::sqrt(a / kN)) << a;
    EXPECT_NEAR(variance, a, 5 * std::sqrt((2 * a * a + 6 * a) / kN)) << a;
    EXPECT_NEAR(third, 2 * a, 5 * std::sqrt(100 * (a + a * a + a * a * a) / kN)) << a;
  }
}

// Variance over mean of the counts above dark is gain (1 + σ²), without readout noise. Some ten
// electrons a pixel have an excess kurtosis of 0.3: a relative standard error of √(2.3/N).
TEST(PulseHeights, TheExcessNoiseFactor) {
  constexpr size_t kFrames = 200, kN = 16;
  for (double sigma : {0.0, 0.6}) {
    auto twin = Still(Known("pulse_height_noise", sigma));
    Do(twin.get(), Unblank{});
    const Reply reply = Do(twin.get(), Field(kN, kFrames, 1e-5));
    double variance = 0, mean = 0;
    for (size_t i = 0; i < kN * kN; ++i) {
      double m = 0, squares = 0;
      for (const Frame& f : reply.frames) m += (f.counts[i] - 2) / kFrames;  // 2 dark counts
      for (const Frame& f : reply.frames) squares += std::pow(f.counts[i] - 2 - m, 2);
      variance += squares / (kFrames - 1);
      mean += m;
    }
    const double factor = variance / mean / 4;  // 4 counts an electron
    EXPECT_NEAR(factor / (1 + sigma * sigma), 1, 5 * std::sqrt(2.3 / (kFrames * kN * kN))) << sigma;
  }
}

}  // namespace
}  // namespace ronchi::hw
