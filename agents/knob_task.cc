#include "agents/knob_task.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agents/spaces.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

absl::StatusOr<env::Box> FindBox(const env::DictSpace& space, const std::string& key) {
  const auto found = space.find(key);
  if (found == space.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the observation space has no \"", key, "\", which this agent needs"));
  }
  return found->second;
}

// The only observation that is one number.
absl::StatusOr<std::string> FindValue(const env::DictSpace& space) {
  std::vector<std::string> candidates;
  for (const auto& [name, box] : space) {
    if (box.size() == 1) candidates.push_back(name);
  }
  if (candidates.size() == 1) return candidates[0];
  if (candidates.empty()) {
    return absl::InvalidArgumentError(
        "no observation is one number, which this agent needs to maximise");
  }
  return absl::InvalidArgumentError(
      absl::StrCat("which observation is to be maximised? `value` says it; allowed: ",
                   absl::StrJoin(candidates, ", ")));
}

}  // namespace

absl::StatusOr<KnobTask> KnobTask::Create(const env::DictSpace& observation_space,
                                          const env::Box& action_space,
                                          const KnobTaskOptions& given) {
  KnobTaskOptions options = given;
  RONCHI_ASSIGN_OR_RETURN(const env::Box settings,
                          FindBox(observation_space, options.settings_key));
  if (options.value_key.empty()) {
    RONCHI_ASSIGN_OR_RETURN(options.value_key, FindValue(observation_space));
  }
  RONCHI_ASSIGN_OR_RETURN(const env::Box value, FindBox(observation_space, options.value_key));
  if (action_space.choices > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the action is one of ", action_space.choices,
                     " choices; this agent changes settings by real numbers"));
  }
  if (value.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("\"", options.value_key, "\" has ", value.size(),
                                                   " elements; an objective has 1"));
  }
  if (settings.size() == 0 || settings.size() != action_space.size()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", options.settings_key, "\" has ",
                                                   settings.size(), " elements and the action ",
                                                   action_space.size(), "; they must agree"));
  }
  if (!std::isfinite(settings.low) || !std::isfinite(settings.high) ||
      settings.low >= settings.high) {
    return absl::InvalidArgumentError(absl::StrCat("\"", options.settings_key, "\" ranges over ",
                                                   settings.low, " … ", settings.high,
                                                   "; finite bounds are needed"));
  }
  if (settings.unit != action_space.unit) {
    return absl::InvalidArgumentError(absl::StrCat("settings are in ", settings.unit,
                                                   " and actions in ", action_space.unit,
                                                   "; they must agree"));
  }
  KnobTask task;
  // Only what the agent reads: an observation may leave out the rest.
  task.observation_space_ = {{options.value_key, value}, {options.settings_key, settings}};
  task.action_space_ = action_space;
  task.options_ = options;
  for (size_t i = 0; i < settings.size(); ++i) {
    task.low_.push_back(settings.Low(i));
    task.range_.push_back(double(settings.High(i)) - settings.Low(i));
  }
  return task;
}

absl::StatusOr<KnobTask::Reading> KnobTask::Read(const env::Observation& observation) const {
  RONCHI_RETURN_IF_ERROR(CheckObservation(observation_space_, observation));
  Reading reading;
  reading.value = observation.at(options_.value_key)[0];
  const Array<float>& settings = observation.at(options_.settings_key);
  for (size_t i = 0; i < settings.size(); ++i) {
    reading.settings.push_back(std::clamp((settings[i] - low_[i]) / range_[i], 0.0, 1.0));
  }
  return reading;
}

Action KnobTask::Toward(const std::vector<double>& from, const std::vector<double>& to) const {
  std::vector<double> change(dimension());
  for (size_t i = 0; i < change.size(); ++i) change[i] = (to[i] - from[i]) * range_[i];
  return ClampAction(action_space_, change);
}

nlohmann::json KnobTask::ToJson() const {
  return {{"observation_space", DictSpaceToJson(observation_space_)},
          {"action_space", BoxToJson(action_space_)},
          {"value_key", options_.value_key},
          {"settings_key", options_.settings_key}};
}

absl::StatusOr<KnobTask> KnobTask::FromJson(const nlohmann::json& json) {
  return Create(DictSpaceFromJson(json.at("observation_space")),
                BoxFromJson(json.at("action_space")),
                {.value_key = json.at("value_key").get<std::string>(),
                 .settings_key = json.at("settings_key").get<std::string>()});
}

// The default depends on the task, so none is written into the config.
void ReadKnobTask(ConfigReader& reader, KnobTaskOptions* options) {
  if (reader.Has(kValueKey)) {
    reader.Text(kValueKey, &options->value_key);
  } else {
    reader.Known(kValueKey);
  }
}

}  // namespace ronchi::agents
