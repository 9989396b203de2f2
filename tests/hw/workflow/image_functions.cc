#include "hw/workflow/image_functions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/hw/workflow/expressions.h"

namespace ronchi::hw::workflow {
namespace {

TEST(Expression, Images) {
  ExpectNumber("mean(frame.haadf)", 2.5);
  ExpectNumber("sum(frame.haadf)", 20);
  ExpectNumber("max(frame.haadf) - min(frame.haadf)", 3);
  ExpectNumber("std(frame.haadf)", std::sqrt(1.25));
  ExpectNumber("frames(frame.haadf)", 2);
  ExpectNumber("contrast(frame.haadf)", 1.25 / 6.25);
  ExpectNumber("contrast(frame.haadf, 0.5)", 1.25 / 4);
}

// A smooth scene moved by 3 and −2 pixels, with the parabola's third of a pixel at most off.
TEST(Expression, ShiftOfAScene) {
  constexpr size_t kSize = 64;
  const auto scene = [](double dx, double dy) {
    std::vector<float> v;
    for (size_t y = 0; y < kSize; ++y) {
      for (size_t x = 0; x < kSize; ++x) {
        const double u = double(x) - dx, w = double(y) - dy;
        v.push_back(float(std::sin(0.11 * u) + std::cos(0.17 * w) + std::sin(0.05 * u * w / 8)));
      }
    }
    return ImageOf({v}, kSize);
  };
  Scope s;
  s["a"] = scene(0, 0);
  s["b"] = scene(3, -2);
  const auto dx = Expression::Parse("shift_x(a, b)")->EvaluateExactly(s);
  const auto dy = Expression::Parse("shift_y(a, b)")->EvaluateExactly(s);
  EXPECT_NEAR(dx->number.low, 3, 0.05);  // whole pixels: the parabola is symmetric but for the rim
  EXPECT_NEAR(dy->number.low, -2, 0.05);
}

}  // namespace
}  // namespace ronchi::hw::workflow
