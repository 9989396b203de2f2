// Policies of one network of our own (agents/nn/mlp.h), as off-policy learners give: the tanh of
// its first outputs, or of choices the one with the largest output. Nothing in it is random.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/features.h"
#include "agents/nn/mlp.h"
#include "agents/policy.h"

namespace ronchi::agents {

struct ActorPolicyParts {
  std::string kind;
  env::DictSpace observation_space;  // numbers and vectors alone
  env::Box action_space;
  FeatureLayout layout;
  Mlp network;  // at least action_size outputs
  std::vector<float> parameters;
  RunningMoments moments;  // of a row; not looked at unless `normalise`
  bool normalise = false;
};

std::unique_ptr<Policy> MakeActorPolicy(ActorPolicyParts parts);
// Reads what its ToJson gave; `outputs` of the network for each number of an action.
absl::StatusOr<std::unique_ptr<Policy>> ReadActorPolicy(const std::string& kind, size_t outputs,
                                                        const nlohmann::json& json);

}  // namespace ronchi::agents
