#include "agents/bayes/output_map.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::agents {
namespace {

const std::vector<double> kOutputs = {-300, -40, -41, -3, -0.7, -0.4};

TEST(OutputMap, StandardisesByMeanAndDeviation) {
  const auto is = [](const std::vector<double>& outputs, double offset, double scale) {
    const Standardisation s = StandardisationOf(outputs);
    EXPECT_DOUBLE_EQ(s.offset, offset);
    EXPECT_DOUBLE_EQ(s.scale, scale);
  };
  is({}, 0, 1);
  is({7}, 7, 1);
  is({-2, -2, -2}, -2, 1);
  is({0, 4}, 2, 2);
  is({-1e308, 1e308}, 0, 1e308);  // neither sum nor square overflows
  EXPECT_DOUBLE_EQ(Standardised(1e308, StandardisationOf({-1e308, 1e308})), 1);
  EXPECT_DOUBLE_EQ(Standardised(1e300, {.offset = 0, .scale = 1}), 1e8);
}

TEST(OutputMap, TheFirstWarpIsNone) {
  const OutputMap map(kOutputs, {}, 0);
  const Standardisation s = StandardisationOf(kOutputs);
  for (const double y : {-1000.0, -5.0, 2.0}) {
    EXPECT_NEAR(map.Map(y), Standardised(y, s), 1e-14 * 1000);
  }
  EXPECT_NEAR(map.LogJacobian(), 0, 1e-14);
  EXPECT_NEAR(map.MapVariance(9), 9 / (s.scale * s.scale), 1e-15);
}

TEST(OutputMap, WarpedOutputsKeepTheirOrderAndAreStandardised) {
  for (size_t warp = 0; warp < WarpScales().size(); ++warp) {
    const OutputMap map(kOutputs, {}, warp);
    EXPECT_NEAR(map.outputs().mean(), 0, 1e-12);  // the small scales magnify round-off
    EXPECT_NEAR(map.outputs().squaredNorm() / 6, 1, 1e-12);
    double last = -1e9;
    for (double y = -400; y < 100; y += 0.25) {  // what lies above the best as well
      EXPECT_GT(map.Map(y), last) << warp << ' ' << y;
      last = map.Map(y);
    }
  }
}

// The product of the slopes, by central differences; below the top, where the map is smooth.
TEST(OutputMap, JacobianIsThatOfTheMap) {
  const double deviation = StandardisationOf(kOutputs).scale;
  for (size_t warp = 0; warp < 7; ++warp) {
    const OutputMap map(kOutputs, {}, warp);
    double sum = 0, squares = 0;
    for (const double y : kOutputs) {
      // At the top itself from below, by the second-order one-sided difference.
      const double h = 1e-5;
      const double slope =
          y == -0.4 ? (3 * map.Map(y) - 4 * map.Map(y - h) + map.Map(y - 2 * h)) / (2 * h)
                    : (map.Map(y + h) - map.Map(y - h)) / (2 * h);
      sum += std::log(slope * deviation);
      squares += slope * slope / 6;
    }
    EXPECT_NEAR(map.LogJacobian(), sum, 1e-6) << warp;
    EXPECT_NEAR(map.MapVariance(0.01), 0.01 * squares, 1e-8 * squares) << warp;
  }
}

TEST(OutputMap, AKnownStandardisationStays) {
  const OutputMap map(kOutputs, Standardisation{.offset = 2, .scale = 4}, 0);
  EXPECT_DOUBLE_EQ(map.Map(10), 2);
  EXPECT_DOUBLE_EQ(map.outputs()[0], -302.0 / 4);
}

TEST(OutputMap, TheWarpsPriorFallsFromTheIdentity) {
  EXPECT_EQ(LogWarpPrior(0), 0);
  EXPECT_LT(LogWarpPrior(2), LogWarpPrior(1));
  EXPECT_TRUE(std::isinf(WarpScales()[0]));
}

TEST(OutputMap, GoesBack) {
  const std::vector<double> outputs = {-300, -20, -3, -1, 0.5, 1};
  for (size_t warp = 0; warp < WarpScales().size(); ++warp) {
    const OutputMap map(outputs, {}, warp);
    for (double y : {-1000.0, -300.0, -5.0, 0.9, 1.0, 4.0}) {
      const double mapped = map.Map(y);
      EXPECT_NEAR(map.Output(mapped), y, 1e-9 * std::abs(y)) << warp;
      const double step = 1e-6 * std::abs(y);
      const double slope = (map.Map(y - step) - map.Map(y - 2 * step)) / step;
      EXPECT_NEAR(map.OutputDeviation(mapped, slope), 1, 1e-2) << warp << " " << y;
    }
  }
}

}  // namespace
}  // namespace ronchi::agents
