#include "agents/rl/squashed_gaussian.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ronchi::agents {
namespace {

// ∫ exp(ln p) da over −1 … 1 is 1: each a is the draw of some noise.
TEST(SquashedGaussian, ItsDensityHasTheArea1) {
  for (const std::vector<float>& outputs :
       {std::vector<float>{0, 0}, {0.7f, -1}, {-2, 0.5f}, {1.5f, -0.5f}}) {
    double area = 0, last_action = -1, last_density = 0;
    for (double z = -12; z <= 12; z += 1e-3) {
      const float noise = float(z);
      float action;
      const double density = std::exp(double(DrawSquashed(outputs, {&noise, 1}, {&action, 1})));
      // The trapezium's rule, on a grid of its own: z's.
      if (std::isfinite(density)) {
        area += (action - last_action) * (density + last_density) / 2;
        last_action = action;
        last_density = density;
      }
    }
    EXPECT_NEAR(area, 1, 2e-3) << outputs[0];  // float32 of actions near ±1
  }
}

TEST(SquashedGaussian, IsTheSumOverItsNumbersAndFarOutStillFinite) {
  const std::vector<float> both = {0.3f, -40, -1, 0.5f}, noise = {0.4f, -1.2f};
  std::vector<float> actions(2), one(1);
  const float together = DrawSquashed(both, noise, actions);
  float apart = 0;
  for (size_t i : {0, 1}) {
    apart += DrawSquashed(std::vector<float>{both[i], both[2 + i]}, {&noise[i], 1}, one);
    EXPECT_EQ(one[0], actions[i]);
  }
  EXPECT_NEAR(together, apart, 1e-4);
  EXPECT_TRUE(std::isfinite(together));
}

// In double, by the plain formula.
double LossOfSquashed(const std::vector<double>& outputs, const std::vector<float>& noise,
                      const std::vector<float>& by_actions, double by_log_density) {
  double loss = 0;
  const size_t a = noise.size();
  for (size_t i = 0; i < a; ++i) {
    const double log_std = std::min(std::max(outputs[a + i], -20.0), 2.0);
    const double action = std::tanh(outputs[i] + std::exp(log_std) * noise[i]);
    loss += by_actions[i] * action -
            by_log_density * (log_std + std::log(1 - action * action));  // and constants
  }
  return loss;
}

TEST(SquashedGaussian, ItsGradientIsThatOfFiniteDifferencesInDouble) {
  const std::vector<float> outputs = {0.4f, -0.9f, 0.1f, -0.7f, 0.3f, 2.5f};
  const std::vector<float> noise = {0.8f, -1.1f, 0.2f}, by_actions = {1.5f, -0.3f, 0.8f};
  std::vector<float> actions(3), gradient(6, NAN);
  DrawSquashed(outputs, noise, actions);
  SquashedGradient(outputs, noise, actions, by_actions, 0.6f, gradient);
  std::vector<double> p(outputs.begin(), outputs.end());
  for (size_t i = 0; i < p.size(); ++i) {
    const auto at = [&](double by) {
      std::vector<double> moved = p;
      moved[i] += by;
      return LossOfSquashed(moved, noise, by_actions, double(0.6f));
    };
    // Central differences; float32. The last deviation is beyond its bound.
    EXPECT_NEAR(gradient[i], (at(1e-5) - at(-1e-5)) / 2e-5, 3e-6) << i;
  }
}

}  // namespace
}  // namespace ronchi::agents
