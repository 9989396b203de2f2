#include "agents/scripted/script.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agents/spaces.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

class ScriptedPolicy final : public Policy {
 public:
  ScriptedPolicy(const ScriptKind& kind, ScriptTask task) : kind_(kind), task_(std::move(task)) {
    Reset(0);
  }
  std::string kind() const override { return kind_.kind; }
  void Reset(uint64_t) override {
    script_ = kind_.begin(task_);
    step_ = 0;
  }
  absl::StatusOr<Action> Act(const env::Observation& observation) override {
    RONCHI_RETURN_IF_ERROR(CheckObservation(task_.observations, observation));
    return ClampAction(task_.actions, script_->Act(observation, step_++));
  }
  nlohmann::json ToJson() const override {
    return {{"observation_space", DictSpaceToJson(task_.observations)},
            {"action_space", BoxToJson(task_.actions)},
            {"max_episode_steps", task_.max_episode_steps},
            {"numbers", task_.numbers}};
  }

 private:
  const ScriptKind kind_;
  const ScriptTask task_;
  std::unique_ptr<Script> script_;
  int step_ = 0;
};

bool ShapeFits(const std::vector<size_t>& shape, const std::vector<size_t>& wanted) {
  if (shape.size() != wanted.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 || (wanted[i] != 0 && shape[i] != wanted[i])) return false;
  }
  return true;
}

// "[2]", "[n, n]"
std::string ShapeText(const std::vector<size_t>& shape) {
  return absl::StrCat("[",
                      absl::StrJoin(shape, ", ",
                                    [](std::string* out, size_t n) {
                                      absl::StrAppend(out, n == 0 ? "n" : absl::StrCat(n));
                                    }),
                      "]");
}

absl::StatusOr<std::unique_ptr<Policy>> Create(const ScriptKind& kind, ScriptTask task) {
  env::DictSpace looks_at;
  for (const auto& [name, shape] : kind.looks_at) {
    const auto found = task.observations.find(name);
    if (found == task.observations.end() || !ShapeFits(found->second.shape, shape)) {
      return absl::InvalidArgumentError(absl::StrCat(
          kind.kind, " needs an observation \"", name, "\" of shape ", ShapeText(shape),
          found == task.observations.end()
              ? ", of which there is none"
              : absl::StrCat("; it has ", ShapeText(found->second.shape))));
    }
    looks_at[name] = found->second;
  }
  task.observations = std::move(looks_at);
  if (task.actions.choices > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(kind.kind, " needs an action of real numbers; this is one of ",
                     task.actions.choices, " choices"));
  }
  if (kind.action_size != 0 && task.actions.size() != kind.action_size) {
    return absl::InvalidArgumentError(absl::StrCat(kind.kind, " needs an action of ",
                                                   kind.action_size, " numbers; this has ",
                                                   task.actions.size()));
  }
  if (kind.fits) {
    if (const absl::Status status = kind.fits(task); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(kind.kind, " ", status.message()));
    }
  }
  return std::make_unique<ScriptedPolicy>(kind, std::move(task));
}

absl::StatusOr<std::unique_ptr<Policy>> Load(const ScriptKind& kind, const nlohmann::json& json) {
  ScriptTask task{.observations = DictSpaceFromJson(json.at("observation_space")),
                  .actions = BoxFromJson(json.at("action_space")),
                  .max_episode_steps = json.at("max_episode_steps").get<int>(),
                  .numbers = {}};
  for (const ScriptNumber& n : kind.numbers) {
    const double value = json.at("numbers").at(n.name).get<double>();
    if (!(value >= n.allowed.min && value <= n.allowed.max)) {
      return absl::InvalidArgumentError(absl::StrCat("policy.numbers.", n.name, ": ", value,
                                                     " is not allowed; allowed: ", n.allowed.min,
                                                     " … ", n.allowed.max));
    }
    task.numbers[n.name] = value;
  }
  return Create(kind, std::move(task));
}

}  // namespace

AgentKind ScriptedAgent(const ScriptKind& kind) {
  AgentKind agent{.kind = kind.kind, .summary = kind.summary, .keys = {}, .read = {}, .load = {}};
  for (const ScriptNumber& n : kind.numbers) agent.keys.push_back({n.name, n.meaning});
  agent.read = [kind](ConfigReader& reader) {
    std::map<std::string, double> numbers;
    for (const ScriptNumber& n : kind.numbers) {
      double& value = numbers[n.name] = n.standard;
      reader.Number(n.name, &value, n.allowed);
    }
    return PlanOfPolicy([kind, numbers](const env::Spec& spec) {
      return Create(kind, {.observations = spec.observation_space,
                           .actions = spec.action_space,
                           .max_episode_steps = spec.max_episode_steps,
                           .numbers = numbers});
    });
  };
  agent.load = [kind](const nlohmann::json& json) { return Load(kind, json); };
  return agent;
}

absl::Status NeedUnitOf(const ScriptTask& task, const std::string& observation) {
  const std::string& unit = task.observations.at(observation).unit;
  if (task.actions.unit == unit) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("needs actions in the unit of \"", observation,
                                                 "\", ", unit, "; they are in ",
                                                 task.actions.unit));
}

absl::Status NeedSameShape(const ScriptTask& task, const std::string& a, const std::string& b) {
  const std::vector<size_t>&shape = task.observations.at(a).shape,
        &other = task.observations.at(b).shape;
  if (shape == other) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("needs \"", a, "\" and \"", b,
                                                 "\" of one shape; they have ", ShapeText(shape),
                                                 " and ", ShapeText(other)));
}

absl::Status NeedPlaceInField(const ScriptTask& task) {
  for (size_t i = 0; i < task.actions.size(); ++i) {
    if (task.actions.Low(i) == -1 && task.actions.High(i) == 1) continue;
    return absl::InvalidArgumentError(absl::StrCat("needs an action in a field of -1 … 1; action[",
                                                   i, "] ranges over ", task.actions.Low(i), " … ",
                                                   task.actions.High(i)));
  }
  if (task.max_episode_steps > 0) return absl::OkStatus();
  return absl::InvalidArgumentError("needs episodes of a known number of steps");
}

}  // namespace ronchi::agents
