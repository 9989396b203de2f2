#include "agents/nn/adam.h"

#include <gtest/gtest.h>

#include <cmath>

#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

constexpr double kNoLimit = 1e9;

// The bias corrections make the first mean g and the first square g²: a step of rate · g/(|g| + ε).
TEST(Adam, TheFirstStepIsTheSign) {
  Adam adam(3);
  std::vector<float> x = {1, 2, 3};
  adam.Step(std::vector<float>{1e-5f, -40, 0}, 0.1, kNoLimit, x);
  EXPECT_FLOAT_EQ(x[0], 1 - 0.1f / 2);  // |g| = ε = 1e-5
  EXPECT_FLOAT_EQ(x[1], 2 + 0.1f);
  EXPECT_EQ(x[2], 3);
}

// Of a gradient that stays as it is all steps are alike.
TEST(Adam, ASteadyGradientGivesEvenSteps) {
  Adam adam(1);
  std::vector<float> x = {0};
  for (int i = 1; i <= 50; ++i) {
    adam.Step(std::vector<float>{2}, 0.01, kNoLimit, x);
    EXPECT_NEAR(x[0], -0.01 * i, 1e-5) << i;  // ε/|g| = 5e-6 of it, and float32
  }
}

// Of alternating gradients the mean is m = (1 − β)/(1 + β) of the gradient in the end, at β = 0.9
// a nineteenth, while the square is full.
TEST(Adam, AlternatingGradientsHardlyMove) {
  Adam adam(1);
  std::vector<float> x = {0};
  for (int i = 0; i < 2000; ++i)
    adam.Step(std::vector<float>{i % 2 ? -1.0f : 1.0f}, 1, kNoLimit, x);
  const float before = x[0];
  adam.Step(std::vector<float>{1}, 1, kNoLimit, x);
  EXPECT_NEAR(before - x[0], 1.0 / 19, 1e-4);
}

// (3, 4)·10⁻³ shortened to 5·10⁻⁵ is (3, 4)·10⁻⁵, but for the 10⁻⁶ that keeps from dividing by 0.
TEST(Adam, ALongGradientIsShortenedFirst) {
  Adam adam(2);
  std::vector<float> x = {0, 0};
  adam.Step(std::vector<float>{3e-3f, 4e-3f}, 1, 5e-5, x);
  EXPECT_NEAR(x[0], -3.0 / 4, 1e-4);
  EXPECT_NEAR(x[1], -4.0 / 5, 1e-4);
}

TEST(Adam, GoesOnToTheBitAfterRestore) {
  Adam adam(2);
  std::vector<float> x = {0, 0};
  for (int i = 0; i < 5; ++i) adam.Step(std::vector<float>{1, float(i)}, 0.1, kNoLimit, x);
  Adam other(2);
  ASSERT_TRUE(other.Restore(nlohmann::json::parse(adam.Save().dump())));
  std::vector<float> y = x;
  adam.Step(std::vector<float>{-1, 2}, 0.1, kNoLimit, x);
  other.Step(std::vector<float>{-1, 2}, 0.1, kNoLimit, y);
  EXPECT_EQ(x, y);
  EXPECT_FALSE(Adam(3).Restore(adam.Save()));
}

}  // namespace
}  // namespace ronchi::agents
