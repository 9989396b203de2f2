// The environments there are, by id: a task each, and by level the instrument that it is meant for
// (data/levels/<task>/<level>.yaml, or
// data/levels/<task>.yaml with the levels as keys).
//
// A config has two keys: `instrument`, anything that the one door opens
// (experiments/catalog/instruments.h), by default the level's; and `task`, the keys of the
// environment itself.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/config.h"
#include "env/environment.h"
#include "env/kinds.h"
#include "hw/instrument/instrument.h"

namespace ronchi {

using env::TaskMaker;
using env::TaskPlace;

struct EnvironmentKind {
  std::string id;  // "AberrationTuning-v1"
  // Reads the task's keys. `instrument` is the config of what it will be over, `as_made` whether
  // that is the level's own.
  std::function<absl::StatusOr<TaskMaker>(const Config& task, const Config& instrument,
                                          bool as_made)>
      prepare;
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
