#include "agents/rl/experience.h"

#include "agents/rl/gae.h"

namespace ronchi::agents {

Experience JoinTracks(const std::vector<Track>& tracks, double gamma, double lambda) {
  Experience out;
  const auto append = [](std::vector<float>& to, const std::vector<float>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  for (const Track& track : tracks) {
    append(out.rows, track.rows);
    append(out.actions, track.actions);
    append(out.log_probabilities, track.log_probabilities);
    append(out.values, track.values);
    append(out.advantages, ComputeGae({.rewards = track.rewards,
                                       .values = track.values,
                                       .next_values = track.next_values,
                                       .terminated = track.terminated,
                                       .truncated = track.truncated,
                                       .gamma = gamma,
                                       .lambda = lambda}));
  }
  return out;
}

}  // namespace ronchi::agents
