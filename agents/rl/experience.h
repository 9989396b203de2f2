// What several environments went through, put one after the other for an update; no libtorch here.
#pragma once

#include <vector>

#include "agents/rl/rollout.h"

namespace ronchi::agents {

struct Experience {                      // n steps, one environment's after the other's
  std::vector<float> rows;               // [n, row_size]
  std::vector<float> actions;            // [n, action_size]
  std::vector<float> log_probabilities;  // [n]
  std::vector<float> values;             // [n], of the row acted on
  std::vector<float> advantages;         // [n], agents/rl/gae.h, each track by itself
};

Experience JoinTracks(const std::vector<Track>& tracks, double gamma, double lambda);

}  // namespace ronchi::agents
