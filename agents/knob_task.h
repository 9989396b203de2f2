// The view that ask-and-tell optimisers have of an environment: an observed value to maximise, the
// settings that gave it, and an action that changes them. Settings are handled in the unit cube of
// the settings' box; actions are changes in the box's own unit.
#pragma once

#include <string>
#include <vector>

#include "agents/policy.h"
#include "core/config.h"
#include "core/status.h"
#include "env/environment.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::agents {

struct KnobTaskOptions {
  // One number, larger is better; "": the only observation that is one number.
  std::string value_key;
  std::string settings_key = "settings";  // [d], the knobs as they stand
};

class KnobTask {
 public:
  // InvalidArgument: a box is missing, the value is not one number or could be several, the
  // settings are unbounded, of another size than the action or of another unit.
  static absl::StatusOr<KnobTask> Create(const env::DictSpace& observation_space,
                                         const env::Box& action_space,
                                         const KnobTaskOptions& options);

  struct Reading {
    double value = 0;
    std::vector<double> settings;  // unit cube: what the instrument says, not what was asked for
  };
  // InvalidArgument: an observation of another space.
  absl::StatusOr<Reading> Read(const env::Observation& observation) const;
  // The change that leads from one point of the unit cube to another, as far as one action reaches.
  Action Toward(const std::vector<double>& from, const std::vector<double>& to) const;

  size_t dimension() const { return action_space_.size(); }
  const env::Box& action_space() const { return action_space_; }

  nlohmann::json ToJson() const;
  static absl::StatusOr<KnobTask> FromJson(const nlohmann::json& json);  // may throw: spaces.h

 private:
  KnobTask() = default;
  env::DictSpace observation_space_;
  env::Box action_space_;
  KnobTaskOptions options_;
  std::vector<double> low_, range_;  // of each setting
};

// The key of a config that names the observation to maximise.
inline constexpr char kValueKey[] = "value";
inline constexpr char kValueMeaning[] =
    "observation to maximise, one number; by default the only one that there is";
void ReadKnobTask(ConfigReader& reader, KnobTaskOptions* options);

}  // namespace ronchi::agents
