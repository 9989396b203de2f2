// Actions in −1 … 1 as tanh of normal numbers, whose mean and logarithm of the deviation a network
// gives (Haarnoja et al. 2018, arXiv 1812.05905, appendix C), and the gradients of the
// reparametrised draw, in which the noise stays.
#pragma once

#include <span>

namespace ronchi::agents {

// Bounds of the logarithm of the deviation, as in the paper's implementation; beyond them its
// gradient is 0.
inline constexpr float kLowestLogStd = -20, kHighestLogStd = 2;

// outputs [2 a]: a means, then a logarithms; noise [a], standard normal → actions [a]. The
// logarithm of their density in −1 … 1.
float DrawSquashed(std::span<const float> outputs, std::span<const float> noise,
                   std::span<float> actions);

// Of a loss whose gradients by the actions and by the logarithm of their density are these: by the
// outputs, [2 a], in place of what is there. The first three as of DrawSquashed.
void SquashedGradient(std::span<const float> outputs, std::span<const float> noise,
                      std::span<const float> actions, std::span<const float> by_actions,
                      float by_log_density, std::span<float> by_outputs);

}  // namespace ronchi::agents
