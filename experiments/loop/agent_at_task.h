// An agent at a task, step by step and episode after episode.
#pragma once

#include <string>

#include "agents/policy.h"
#include "env/environment.h"

namespace ronchi {

class AgentAtTask {
 public:
  // Both are borrowed. The agent's random choices derive from `seed` and `part`.
  AgentAtTask(env::Environment* task, agents::Policy* policy, uint64_t seed, std::string part)
      : task_(task), policy_(policy), seed_(seed), part_(std::move(part)) {}

  absl::Status BeginEpisode();
  absl::Status Step();

  const env::Spec& spec() const { return task_->spec(); }
  // What is shown now; the action that led there (empty at the start of an episode) and its reward
  // (NaN there).
  const env::Observation& observation() const { return observation_; }
  const env::Info& info() const { return info_; }
  const agents::Action& action() const { return action_; }
  double reward() const { return reward_; }
  bool ended() const { return ended_; }
  int episodes() const { return episodes_; }  // begun
  // Is every number of the last action below this?
  bool Holds(double rest) const;

 private:
  env::Environment* task_;
  agents::Policy* policy_;
  const uint64_t seed_;
  const std::string part_;
  env::Observation observation_;
  env::Info info_;
  agents::Action action_;
  double reward_ = 0;
  bool ended_ = false;
  int episodes_ = 0;
};

}  // namespace ronchi
