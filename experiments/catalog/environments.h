// The environments there are, by id: a task each, and by level the instrument that it is meant for
// (data/levels/<task>/<level>.yaml).
//
// A config has two keys: `instrument`, anything that the one door opens
// (experiments/catalog/instruments.h), by default the level's; and `task`, the keys of the
// environment itself.
#pragma once

#include <string>
#include <vector>

#include "core/config.h"
#include "env/environment.h"
#include "hw/instrument.h"

namespace ronchi {

// What is not the task's own: where in a vector it stands, and how long an episode may be.
struct TaskPlace {
  uint64_t index = 0;
  int max_episode_steps = 0;  // 0: as the task has it
  bool randomise = true;      // a simulation's hidden state is drawn anew at Reset
};
// Makes the task over an instrument, which is borrowed and outlives it. InvalidArgument: it lacks
// what the task needs. May be called from several threads.
using TaskMaker = std::function<absl::StatusOr<std::unique_ptr<env::Environment>>(
    hw::Instrument*, const TaskPlace&)>;

struct EnvironmentKind {
  std::string id;  // "AberrationTuning-v1"
  // Reads the task's keys. `instrument` is the config of what it will be over, `as_made` whether
  // that is the level's own.
  absl::StatusOr<TaskMaker> (*prepare)(const Config& task, const Config& instrument, bool as_made);
  env::Spec spec;  // with the defaults; what the instrument decides is left open
};
const std::vector<EnvironmentKind>& EnvironmentKinds();
// The return at which it counts as solved with the defaults, where one has been measured; else 0.
double SolvedAtDefaults(const EnvironmentKind& kind);
// NotFound: no such id, with the ids there are; an older version's says what there is now.
absl::StatusOr<const EnvironmentKind*> FindEnvironment(const std::string& id);

// A level's instrument, from its file. InvalidArgument: no such level.
absl::StatusOr<Config> LevelInstrument(const std::string& id, int level);
// What an environment is over: the config's `instrument`, or that of the task's level.
absl::StatusOr<Config> EnvironmentInstrument(const std::string& id, const Config& instrument,
                                             const Config& task);

// InvalidArgument: file:line: key: what is allowed. Each environment has an instrument of its own.
absl::StatusOr<env::EnvironmentFactory> PrepareEnvironments(const std::string& id,
                                                            const Config& config);
// One environment with the defaults, changed by YAML text ("" or "{task: {pixels: 32}}").
absl::StatusOr<std::unique_ptr<env::Environment>> MakeEnvironment(const std::string& id,
                                                                  const std::string& yaml = "");

}  // namespace ronchi
