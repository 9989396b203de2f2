// Actions drawn evenly from the action space: the floor that every agent must beat.
#pragma once

#include <memory>

#include "agents/policy.h"

namespace ronchi::agents {

class RandomPolicy : public Policy {
 public:
  // InvalidArgument: the action space is unbounded.
  static absl::StatusOr<std::unique_ptr<Policy>> Create(const env::Box& action_space);
  static absl::StatusOr<std::unique_ptr<Policy>> FromJson(const nlohmann::json& json);

  std::string kind() const override { return "random"; }
  void Reset(uint64_t seed) override;
  absl::StatusOr<Action> Act(const env::Observation& observation) override;  // looks at nothing
  nlohmann::json ToJson() const override;

 private:
  explicit RandomPolicy(const env::Box& action_space) : action_space_(action_space) {}
  const env::Box action_space_;
  uint64_t seed_ = 0, step_ = 0;
};

}  // namespace ronchi::agents
