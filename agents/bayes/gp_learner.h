// Learns the prior of a GpPolicy from a few episodes: how wide the peak is along each knob, how
// high it is against the background, and how noisy the images are.
#pragma once

#include <memory>

#include "agents/bayes/gp_policy.h"
#include "agents/learner.h"

namespace ronchi::agents {

struct GpLearnerOptions {
  size_t episodes = 4;
  GpPolicyOptions policy = {};  // its prior and standardisation are what is learned
};

// Train runs `episodes` episodes with broad priors in environment 0 of the factory, pools their
// outputs into one standardisation, and takes mean and spread of the episodes' MAP
// log-hyper-parameters as the new prior. Errors of Train: those of the environment and of GpPolicy.
std::unique_ptr<Learner> MakeGpLearner(const GpLearnerOptions& options);

}  // namespace ronchi::agents
