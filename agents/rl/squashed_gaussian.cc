#include "agents/rl/squashed_gaussian.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ronchi::agents {
namespace {

float SquashedDeviation(float log_std) {
  return std::exp(std::clamp(log_std, kLowestLogStd, kHighestLogStd));
}

}  // namespace

float DrawSquashed(std::span<const float> outputs, std::span<const float> noise,
                   std::span<float> actions) {
  constexpr float kLn2 = std::numbers::ln2_v<float>;
  const float half_ln_2pi = 0.5f * std::log(2 * std::numbers::pi_v<float>);
  const size_t a = actions.size();
  float sum = 0;
  for (size_t i = 0; i < a; ++i) {
    const float log_std = std::clamp(outputs[a + i], kLowestLogStd, kHighestLogStd);
    const float u = outputs[i] + SquashedDeviation(log_std) * noise[i];
    actions[i] = std::tanh(u);
    // ln(1 − tanh² u), without the difference of what is nearly equal.
    const float stretch = 2 * (kLn2 - std::abs(u) - std::log1p(std::exp(-2 * std::abs(u))));
    sum -= 0.5f * noise[i] * noise[i] + log_std + half_ln_2pi + stretch;
  }
  return sum;
}

void SquashedGradient(std::span<const float> outputs, std::span<const float> noise,
                      std::span<const float> actions, std::span<const float> by_actions,
                      float by_log_density, std::span<float> by_outputs) {
  const size_t a = actions.size();
  for (size_t i = 0; i < a; ++i) {
    // By u: the action's slope is 1 − tanh², that of −ln(1 − tanh²) is 2 tanh.
    const float by_u =
        by_actions[i] * (1 - actions[i] * actions[i]) + by_log_density * 2 * actions[i];
    by_outputs[i] = by_u;
    const float log_std = outputs[a + i];
    const bool bounded = log_std < kLowestLogStd || log_std > kHighestLogStd;
    by_outputs[a + i] = bounded ? 0 : by_u * SquashedDeviation(log_std) * noise[i] - by_log_density;
  }
}

}  // namespace ronchi::agents
