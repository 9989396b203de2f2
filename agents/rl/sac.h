// Soft actor-critic (Haarnoja et al. 2018, arXiv 1812.05905): off-policy, with two critics, actions
// as tanh of normal numbers and the temperature learned. The algorithm is agents/rl/sac_update.cc;
// networks are our own (agents/nn/mlp.h). For what is expensive to try: it learns from every step
// many times over. Actions are numbers; observations are numbers and vectors. The same options and
// seed give the same weights.
#pragma once

#include <cstdint>
#include <memory>

#include "agents/learner.h"

namespace ronchi::agents {

struct SacOptions {
  int64_t total_steps = 20000;  // environment steps, all environments together
  size_t environments = 1;
  int64_t random_steps = 500;  // at first, evenly over the action space
  size_t batch = 256;
  size_t hidden = 256;  // units of each of two layers
  double learning_rate = 3e-4;
  double gamma = 0.99;
  double target_rate = 0.005;  // how far the target critics follow, an update
  int64_t updates = 1;         // for each step of an environment
  int64_t replay = 1000000;    // transitions kept, at most
  // How many steps noise is remembered: its correlation from one step to the next is
  // exp(−1/noise_memory), while at each step it is standard normal. 0: none. What is slow to answer
  // is not moved by noise that averages out (Eberhard et al., ICLR 2023).
  double noise_memory = 0;
  bool normalise = false;  // rows by their running moments
};

// InvalidArgument, naming the option and what is allowed.
absl::Status CheckSacOptions(const SacOptions& options);

// Train: InvalidArgument for options or spaces that it cannot use; the environment's own errors.
// Policy: agents/rl/actor_policy.h, the tanh of the mean.
std::unique_ptr<Learner> MakeSacLearner(const SacOptions& options);

}  // namespace ronchi::agents
