// A task as the catalogue takes it (experiments/catalog/environments.cc): a source file of its own
// with a function that returns its TaskKind, and a row there. docs/add_environment.md goes through
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/config.h"
#include "core/status.h"
#include "env/environment.h"
#include "hw/instrument/instrument.h"

namespace ronchi::env {

// What is not the task's own: where in a vector it stands, and how long an episode may be.
struct TaskPlace {
  uint64_t index = 0;
  int max_episode_steps = 0;  // 0: as the task has it
  bool randomise = true;      // a simulation's hidden state is drawn anew at Reset
};
// Makes the task over an instrument, which is borrowed and outlives it. InvalidArgument: it lacks
// what the task needs. May be called from several threads.
using TaskMaker =
    std::function<absl::StatusOr<std::unique_ptr<Environment>>(hw::Instrument*, const TaskPlace&)>;

struct TaskKind {
  Spec spec;  // with the defaults; its id names it
  // Reads the task's keys. `solved_at`: the mean return at which it counts as solved as it is made,
  // from the level's file; 0: none.
  absl::StatusOr<TaskMaker> (*prepare)(const Config& task, double solved_at);
};

}  // namespace ronchi::env
