// The clipped surrogate objective (Schulman et al. 2017, arXiv 1707.06347, eq. 7 and 9) as a loss,
// and its gradient with respect to what the networks give.
#pragma once

#include <span>
#include <vector>

#include "agents/nn/actor_critic.h"

namespace ronchi::agents {

// Of a minibatch of n steps; advantages have mean 0 and variance 1.
struct PpoSamples {
  bool discrete = false;
  std::vector<float> actions;              // [n, action_size]
  std::vector<float> log_probabilities;    // [n], when they were drawn
  std::vector<float> values;               // [n], of the critic then
  std::vector<float> advantages, returns;  // [n]
  double ratio_clip = 0.2, value_clip = 0.2, value_weight = 0.5, entropy_weight = 0;
};

struct PpoLoss {
  double value = 0;
  ActorCriticOutputs gradient;          // with respect to the outputs
  std::vector<float> log_std_gradient;  // [action_size]
};
PpoLoss ComputePpoLoss(const PpoSamples& samples, const ActorCriticOutputs& outputs,
                       std::span<const float> log_std);

}  // namespace ronchi::agents
