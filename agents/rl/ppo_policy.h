// Policy "ppo": the actor's mean, or its likeliest choice. Nothing in it is random.
#pragma once

#include <memory>

#include "agents/features.h"
#include "agents/nn/actor_critic.h"
#include "agents/policy.h"

namespace ronchi::agents {

struct PpoPolicyParts {
  env::DictSpace observation_space;
  env::Box action_space;
  FeatureLayout layout;
  size_t hidden = 64;
  RunningMoments moments;      // of a row's vector part
  std::vector<float> log_std;  // [action_size], of training
  std::shared_ptr<ActorCritic> network;
};

std::unique_ptr<Policy> MakePpoPolicy(PpoPolicyParts parts);
// Reads what its ToJson gave. Errors: InvalidArgument, those of the network backend.
absl::StatusOr<std::unique_ptr<Policy>> ReadPpoPolicy(const nlohmann::json& json);

}  // namespace ronchi::agents
