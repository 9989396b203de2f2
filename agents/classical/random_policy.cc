#include "agents/classical/random_policy.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "agents/kinds.h"
#include "agents/spaces.h"
#include "core/random.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {

absl::StatusOr<std::unique_ptr<Policy>> RandomPolicy::Create(const env::Box& action_space) {
  if (!std::isfinite(action_space.low) || !std::isfinite(action_space.high)) {
    return absl::InvalidArgumentError(absl::StrCat("the action space ranges over ",
                                                   action_space.low, " … ", action_space.high,
                                                   "; finite bounds are needed"));
  }
  return std::unique_ptr<Policy>(new RandomPolicy(action_space));
}

absl::StatusOr<std::unique_ptr<Policy>> RandomPolicy::FromJson(const nlohmann::json& json) {
  return Create(BoxFromJson(json.at("action_space")));
}

void RandomPolicy::Reset(uint64_t seed) {
  seed_ = seed;
  step_ = 0;
}

absl::StatusOr<Action> RandomPolicy::Act(const env::Observation&) {
  RandomStream stream({.seed = seed_, .name = "agents.random_policy", .step = step_++});
  if (action_space_.choices > 0) {
    return Action{float(stream.Below(uint64_t(action_space_.choices)))};
  }
  std::vector<double> action(action_space_.size());
  for (size_t i = 0; i < action.size(); ++i) {
    action[i] = stream.Uniform(action_space_.Low(i), action_space_.High(i));
  }
  return ClampAction(action_space_, action);
}

nlohmann::json RandomPolicy::ToJson() const { return {{"action_space", BoxToJson(action_space_)}}; }

AgentKind RandomAgent() {
  return {.kind = "random",
          .summary = "actions drawn evenly from the action space; the floor of every comparison",
          .keys = {},
          .read =
              [](ConfigReader&) {
                return PlanOfPolicy(
                    [](const env::Spec& spec) { return RandomPolicy::Create(spec.action_space); });
              },
          .load = RandomPolicy::FromJson};
}

}  // namespace ronchi::agents
