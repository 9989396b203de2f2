// Moves an atom as one does by hand: the beam goes towards the neighbour that is nearest to the
// goal. For AtomMove-v0 and its kin: observations "goal" [2] and "neighbours" [k, 2] from the atom,
// actions a displacement from the atom and, if there is a third number, a dwell time.
#pragma once

#include <memory>

#include "agents/policy.h"

namespace ronchi::agents {

struct GreedyOptions {
  double aim_A = 1.42;  // how far from the atom: on the neighbour itself
  double dwell_s = 5;   // where the action has it
};

class GreedyPolicy : public Policy {
 public:
  // InvalidArgument: another observation or action space.
  static absl::StatusOr<std::unique_ptr<Policy>> Create(const env::DictSpace& observation_space,
                                                        const env::Box& action_space,
                                                        const GreedyOptions& options = {});
  static absl::StatusOr<std::unique_ptr<Policy>> FromJson(const nlohmann::json& json);

  std::string kind() const override { return "greedy"; }
  void Reset(uint64_t) override {}  // it remembers nothing
  absl::StatusOr<Action> Act(const env::Observation& observation) override;
  nlohmann::json ToJson() const override;

 private:
  GreedyPolicy(env::DictSpace observation_space, env::Box action_space, GreedyOptions options)
      : observation_space_(std::move(observation_space)),
        action_space_(std::move(action_space)),
        options_(options) {}
  const env::DictSpace observation_space_;  // goal and neighbours alone
  const env::Box action_space_;
  const GreedyOptions options_;
};

}  // namespace ronchi::agents
