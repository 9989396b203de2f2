// `ronchi evaluate`: a policy in many episodes, against the random floor.
#pragma once

#include <string>
#include <vector>

#include "experiments/recipe.h"

namespace ronchi {

struct Evaluation {
  struct Episode {
    double episode_return = 0;
    double ratio = 0;  // noise-free contrast at the end over the best attainable
  };
  std::vector<Episode> episodes;
  double mean_return = 0, median_ratio = 0, success = 0;  // success: share with ratio >= 0.95
  double random_mean_return = 0;  // of the random agent in the same episodes
};

// Episodes of tune_steps images on twins of the training instrument's prior; episode i has the same
// hidden state for every policy.
absl::StatusOr<Evaluation> EvaluatePolicy(const std::string& policy_path, const Recipe& recipe,
                                          int episodes);

}  // namespace ronchi
