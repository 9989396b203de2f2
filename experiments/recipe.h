// An experiment as a document: which agent, trained where, deployed on what, watched how.
// docs/recipes.md describes the keys; recipes/quickstart/recipe.yaml is the example.
#pragma once

#include <string>
#include <vector>

#include "core/config.h"
#include "env/aberration_tuning.h"
#include "hw/guarded.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi {

struct AgentOptions {
  std::string kind = "gp";  // gp | ppo | nelder_mead | random
  int n_initial = 8;        // gp: images before the model is asked
  int budget = 40;          // gp: images before it holds
  int train_episodes = 4;   // gp
  int train_steps = 20000;  // ppo
};

struct MonitorSettings {
  double frames_between_false_alarms = 2000;  // promised average
  double probe_defocus_nm = 6;                // theory's probing images: defocus by −, 0, + this
  int learning_frames = 8;  // held frames taken as in control before the watch begins
};

struct Recipe {
  std::string name;  // of the folder or file
  std::string title;
  uint64_t seed = 1;
  env::AberrationTuningOptions environment;
  AgentOptions agent;
  hw::TwinOptions train_instrument;
  int tune_steps = 45;
  hw::TwinOptions deploy_instrument;
  int deploy_steps = 110;
  hw::GuardOptions guard;
  MonitorSettings monitor;
};

// The file that `name` stands for: a path, or a folder of experiments/recipes.
// NotFound: neither; the message lists the recipes there are.
absl::StatusOr<std::string> FindRecipe(const std::string& name);
std::vector<std::string> RecipeNames();
// Reads and checks everything; defaults are written into `config`.
absl::StatusOr<Recipe> ReadRecipe(const Config& config);

// Seeds of the parts of a run, derived so that no two share a stream.
uint64_t DeriveSeed(uint64_t seed, const std::string& part);

}  // namespace ronchi
