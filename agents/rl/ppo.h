// Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347), with the
// details that matter in practice (Huang et al., "The 37 implementation details of PPO", ICLR blog
// track 2022). The algorithm is agents/rl/ppo.cc and ppo_loss.cc; networks come from a backend
// (agents/nn/backend.h). Environments step in parallel; the same options and seed give the same
// weights. Actions are numbers, or one of several choices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "agents/learner.h"

namespace ronchi::agents {

struct PpoOptions {
  int64_t total_steps = 100000;  // environment steps, all environments together
  size_t environments = 4;
  size_t rollout_steps = 128;  // of each environment between updates
  int epochs = 10;
  int minibatches = 4;
  double learning_rate = 3e-4;  // falls to zero over the training
  double gamma = 0.99, lambda = 0.95;
  double ratio_clip = 0.2, value_clip = 0.2;
  double entropy_weight = 0.0, value_weight = 0.5;
  double max_gradient_norm = 0.5;
  size_t hidden = 64;             // units of each of two layers
  double initial_log_std = -0.5;  // of the action, in half-widths of the action space
};

// The steps that training takes: whole rounds of rollout_steps in every environment, as many as fit
// into total_steps, at least one.
inline int64_t TrainedSteps(const PpoOptions& o) {
  const int64_t round = int64_t(o.rollout_steps * o.environments);
  return round * std::max<int64_t>(1, o.total_steps / round);
}

// InvalidArgument, naming the option and what is allowed.
absl::Status CheckPpoOptions(const PpoOptions& options);

// Train: InvalidArgument for options or spaces that it cannot use; Internal, with libtorch's
// words, where libtorch fails; the environment's own errors. Policy: agents/rl/ppo_policy.h.
std::unique_ptr<Learner> MakePpoLearner(const PpoOptions& options);

}  // namespace ronchi::agents
