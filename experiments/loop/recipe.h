// An experiment as a document: which task, agent, instruments and theory, watched how.
// docs/recipes.md describes the keys; recipes/quickstart/recipe.yaml is the example.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "experiments/catalog/environments.h"
#include "experiments/catalog/forward_models.h"
#include "experiments/catalog/instruments.h"
#include "hw/safety/guard_options.h"

namespace ronchi {

// Which theory predicts the images.
struct TheorySettings {
  std::string model;  // experiments/catalog/forward_models.h
  PreparedTheory prepared;
  double probe_defocus_nm = 6;  // by which its own images are defocused
};

// What is watched, and what an alarm does. docs/recipes.md#monitor.
struct MonitorSettings {
  enum class Rows { kStep, kEpisode } rows = Rows::kStep;  // what one frame of the monitor is
  // kRest: from when the agent has come to rest, and again each time it has moved.
  enum class When { kRest, kAlways } when = When::kRest;
  std::vector<std::string> streams;           // experiments/loop/streams.h
  double frames_between_false_alarms = 2000;  // promised average
  int learning_frames = 8;                    // taken as in control before the watch begins
  // What is in control is what the policy's file says of the instrument it was trained for, instead
  // of the first frames of the deployment.
  bool policy_reference = false;
  int settle = 0;  // rows that are not watched, after the start and after an alarm
  std::string test = "shiryaev_roberts";  // theory/monitor/kinds.h
  double rest = 0.05;                     // an action below this, in its own unit, is no move
  std::vector<std::string> on_alarm;      // experiments/loop/alarm_actions.h
};

struct Recipe {
  std::string name;  // of the folder or file
  std::string title;
  uint64_t seed = 1;
  std::string environment;  // its id
  Config task, agent;       // keys of both
  Config train_instrument, deploy_instrument;
  Config guard;
  TaskMaker make_train_task, make_deploy_task;
  InstrumentMaker open_train, open_deploy;
  std::optional<hw::ProveOptions> prove;  // of the deployment, within its guard
  int tune_steps = 45;
  int deploy_steps = 110;
  bool one_episode = true;               // the deployment's steps are one episode of the task
  std::optional<TheorySettings> theory;  // none: nothing is predicted
  MonitorSettings monitor;
};

// The file that `name` stands for: a path, or a folder of experiments/recipes.
// NotFound: neither; the message lists the recipes there are.
absl::StatusOr<std::string> FindRecipe(const std::string& name);
std::vector<std::string> RecipeNames();
// Reads and checks everything; defaults are written into `config`.
absl::StatusOr<Recipe> ReadRecipe(const Config& config);

// The guard of a deployment on an instrument: everything of hw/safety/guard_options.h; for C10 and
// C12 limit_nm and step_nm say the same with one number, and `limits` wins over them.
absl::StatusOr<hw::GuardOptions> ReadRecipeGuard(const Config& guard,
                                                 const hw::Description& instrument);

// Seeds of the parts of a run, derived so that no two share a stream.
uint64_t DeriveSeed(uint64_t seed, const std::string& part);

}  // namespace ronchi
