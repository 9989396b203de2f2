#include "agents/classical/greedy_policy.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "agents/kinds.h"
#include "agents/spaces.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {

absl::StatusOr<std::unique_ptr<Policy>> GreedyPolicy::Create(const env::DictSpace& space,
                                                             const env::Box& action_space,
                                                             const GreedyOptions& options) {
  const auto goal = space.find("goal"), neighbours = space.find("neighbours");
  if (goal == space.end() || neighbours == space.end() || goal->second.size() != 2 ||
      neighbours->second.shape.size() != 2 || neighbours->second.shape[1] != 2) {
    return absl::InvalidArgumentError(
        "greedy needs observations \"goal\" of shape [2] and \"neighbours\" of shape [k, 2]");
  }
  if (action_space.size() != 2 && action_space.size() != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("greedy needs an action of 2 or 3 numbers; this has ", action_space.size()));
  }
  return std::unique_ptr<Policy>(new GreedyPolicy(
      {{"goal", goal->second}, {"neighbours", neighbours->second}}, action_space, options));
}

absl::StatusOr<Action> GreedyPolicy::Act(const env::Observation& observation) {
  RONCHI_RETURN_IF_ERROR(CheckObservation(observation_space_, observation));
  const Array<float>&goal = observation.at("goal"), &neighbours = observation.at("neighbours");
  double least = std::numeric_limits<double>::infinity();
  std::vector<double> action(action_space_.size(), options_.dwell_s);
  for (size_t k = 0; k < neighbours.shape()[0]; ++k) {
    const double x = neighbours(k, 0), y = neighbours(k, 1), away = std::hypot(x, y);
    const double left = std::hypot(goal[0] - x, goal[1] - y);
    if (left >= least || away == 0) continue;
    least = left;
    action[0] = x / away * options_.aim_A;
    action[1] = y / away * options_.aim_A;
  }
  return ClampAction(action_space_, action);
}

nlohmann::json GreedyPolicy::ToJson() const {
  return {{"observation_space", DictSpaceToJson(observation_space_)},
          {"action_space", BoxToJson(action_space_)},
          {"aim_A", options_.aim_A},
          {"dwell_s", options_.dwell_s}};
}

absl::StatusOr<std::unique_ptr<Policy>> GreedyPolicy::FromJson(const nlohmann::json& json) {
  GreedyOptions options;
  options.aim_A = json.at("aim_A").get<double>();
  options.dwell_s = json.at("dwell_s").get<double>();
  return Create(DictSpaceFromJson(json.at("observation_space")),
                BoxFromJson(json.at("action_space")), options);
}

AgentKind GreedyAgent() {
  return {
      .kind = "greedy",
      .summary = "the beam goes to the neighbour nearest to the goal; a baseline of AtomMove-v0",
      .keys = {{"aim_A", "how far from the atom the beam goes, angstrom"},
               {"dwell_s", "how long it stays, where the action says so"}},
      .read =
          [](ConfigReader& reader) {
            GreedyOptions options;
            reader.Number("aim_A", &options.aim_A, {.min = 1e-3, .max = 1e3});
            reader.Number("dwell_s", &options.dwell_s, {.min = 1e-6, .max = 1e6});
            return PlanOfPolicy([options](const env::Spec& spec) {
              return GreedyPolicy::Create(spec.observation_space, spec.action_space, options);
            });
          },
      .load = GreedyPolicy::FromJson};
}

}  // namespace ronchi::agents
