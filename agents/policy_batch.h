// A policy in several episodes side by side: one set of weights, one memory an episode.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "agents/policy.h"

namespace ronchi::agents {

class PolicyBatch {
 public:
  virtual ~PolicyBatch() = default;
  virtual size_t size() const = 0;  // episodes
  // As Policy's, of one episode.
  virtual void Reset(size_t episode, uint64_t seed) = 0;
  // Actions of these episodes, each once, for what each has seen. An error is the first there is;
  // Reset them all afterwards.
  virtual absl::StatusOr<std::vector<Action>> Act(std::span<const size_t> episodes,
                                                  std::span<const env::Observation> seen) = 0;
};

// The policy's own batch, where one pass for all is worth while; else copies of it in a loop. What
// an episode gives is the same either way, but for the rounding of a network's sums.
absl::StatusOr<std::unique_ptr<PolicyBatch>> MakeBatch(const Policy& policy, size_t episodes);

}  // namespace ronchi::agents
