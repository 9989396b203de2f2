// Generalised advantage estimation (Schulman et al., ICLR 2016, arXiv 1506.02438) with the two ways
// an episode can end kept apart: a terminated state is worth nothing more, a truncated one is worth
// what the critic says of its final observation.
#pragma once

#include <span>
#include <vector>

namespace ronchi::agents {

// One environment's consecutive steps; all spans of the same length T.
struct GaeInput {
  std::span<const float> rewards;
  std::span<const float> values;       // V of the observation acted on
  std::span<const float> next_values;  // V of the observation that the step gave, before any reset
  std::span<const char> terminated, truncated;
  double gamma = 0.99, lambda = 0.95;
};

// advantages [T]: A_t = δ_t + γλ (1 − end_t) A_{t+1},
// δ_t = r_t + γ (1 − terminated_t) V(next_t) − V_t.
std::vector<float> ComputeGae(const GaeInput& input);

}  // namespace ronchi::agents
