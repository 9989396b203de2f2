// `ronchi evaluate`: a policy in many episodes, against the random floor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/loop/recipe.h"

namespace ronchi {

struct Evaluation {
  struct Episode {
    double episode_return = 0;
    // Noise-free contrast at the end over the best attainable, of a task that tunes it.
    std::optional<double> ratio = std::nullopt;
  };
  std::vector<Episode> episodes, random_episodes;  // of the random agent: the same hidden states
  // Figures of one agent with their standard errors over episodes. `median_low` … `median_high`
  // holds the median of all episodes with a probability of about two thirds, as a standard error
  // does a mean; by ranks, so that no distribution is assumed.
  struct Figures {
    double mean_return = 0, mean_return_se = 0;
    bool has_ratio = false;  // the rest: of tasks that have one
    double median_ratio = 0, median_low = 0, median_high = 0;
    double success = 0, success_se = 0;  // share of episodes with ratio >= 0.95
  };
  Figures own, random;
  double advantage = 0, advantage_se = 0;  // of mean_return over random's, episode by episode
};

// Mean and standard error of the mean, by the sample's own spread; 0 with fewer than two values.
struct MeanAndError {
  double mean = 0, error = 0;
};
MeanAndError MeanOf(const std::vector<double>& values);
Evaluation::Figures FiguresOf(const std::vector<Evaluation::Episode>& episodes);

// Episodes of tune_steps images on twins of the training instrument's prior; episode i has the same
// hidden state for every policy.
absl::StatusOr<Evaluation> EvaluatePolicy(const std::string& policy_path, const Recipe& recipe,
                                          int episodes);

}  // namespace ronchi
