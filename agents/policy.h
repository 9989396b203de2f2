// Act(observation) → action is all that deployment sees of an agent. A Policy is self-contained:
// weights, spaces, normalisation, scaling and its own memory of the episode.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "env/environment.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::agents {

using Action = std::vector<float>;

class PolicyBatch;  // agents/policy_batch.h

class Policy {
 public:
  virtual ~Policy() = default;
  virtual std::string kind() const = 0;  // one of agents/kinds.h: "gp", "ppo", "hold" …
  // Forgets the episode; what was learned in training stays. Random choices become a function
  // of `seed`.
  virtual void Reset(uint64_t seed) = 0;
  // The action lies inside the action space. InvalidArgument: an observation of another space.
  virtual absl::StatusOr<Action> Act(const env::Observation& observation) = 0;
  // Everything that is needed to act elsewhere (agents/policy_file.h writes it).
  virtual nlohmann::json ToJson() const = 0;
  // For agents/policy_batch.h: this policy in so many episodes side by side, where that is faster
  // than copies of it; null: it is not.
  virtual std::unique_ptr<PolicyBatch> Batch(size_t episodes) const;
};

}  // namespace ronchi::agents
