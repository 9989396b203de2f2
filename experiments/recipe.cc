#include "experiments/recipe.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/random.h"
#include "hw/twin/column/describe_column.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

std::string RecipesFolder() { return absl::StrCat(kSourceDirectory, "/experiments/recipes"); }

absl::Status ReadTask(const Config& environment, Recipe* recipe) {
  RONCHI_RETURN_IF_ERROR(env::ReadAberrationTuningOptions(environment, &recipe->environment));
  if (recipe->environment.level != 1) {
    return environment.Error("level",
                             absl::StrCat(recipe->environment.level,
                                          " is not allowed in a recipe, whose theory knows "
                                          "C10 and C12 alone; allowed: 1"));
  }
  if (recipe->environment.reward_truth) {
    return environment.Error("reward",
                             "'truth' is not allowed in a recipe: the agent is deployed behind a "
                             "guard, which hides the truth; allowed: image");
  }
  return absl::OkStatus();
}

absl::Status ReadInstrument(const Config& node, hw::TwinOptions* o) {
  RONCHI_ASSIGN_OR_RETURN(*o, hw::ReadTwinOptions(node));
  return absl::OkStatus();
}

absl::Status ReadAgent(const Config& node, AgentOptions* o) {
  ConfigReader r(node);
  r.Choice("kind", &o->kind, {"gp", "ppo", "nelder_mead", "random"});
  r.Integer("n_initial", &o->n_initial, {.min = 2, .max = 1000});
  r.Integer("budget", &o->budget, {.min = 2, .max = 1000});
  r.Integer("train_episodes", &o->train_episodes, {.min = 1, .max = 1000});
  r.Integer("train_steps", &o->train_steps, {.min = 1, .max = 1e9});
  if (r.ok() && o->budget < o->n_initial) r.Fail("budget", "must not be below n_initial");
  return r.Done();
}

// Everything of hw/guard_options.h; for the three settings of the task limit_nm and step_nm say the
// same with one number, and `limits` wins over them.
absl::Status ReadGuard(const Config& node, const hw::TwinOptions& instrument, hw::GuardOptions* o) {
  ConfigReader r(node);
  double limit_nm = instrument.corrector_limit_m * 1e9, step_nm = 2 * limit_nm;
  r.Number("limit_nm", &limit_nm, {.min = 0.01, .max = 1e5});
  r.Number("step_nm", &step_nm, {.min = 0.01, .max = 1e5});
  if (!r.ok()) return r.status();
  hw::GuardDefaults defaults{.dose_budget_e_per_A2 = 1e7, .known = {"limit_nm", "step_nm"}};
  for (const char* knob : {"optics.C10", "optics.C12.a", "optics.C12.b"}) {
    defaults.limits[knob] = {-limit_nm * 1e-9, limit_nm * 1e-9, step_nm * 1e-9};
  }
  RONCHI_ASSIGN_OR_RETURN(*o, hw::ReadGuardOptions(node, hw::DescribeTwin(instrument), defaults));
  return absl::OkStatus();
}

absl::Status ReadMonitor(const Config& node, MonitorSettings* o) {
  ConfigReader r(node);
  r.Number("frames_between_false_alarms", &o->frames_between_false_alarms, {.min = 2, .max = 1e9});
  r.Number("probe_defocus_nm", &o->probe_defocus_nm, {.min = 0.1, .max = 100});
  r.Integer("learning_frames", &o->learning_frames, {.min = 2, .max = 10000});
  return r.Done();
}

}  // namespace

uint64_t DeriveSeed(uint64_t seed, const std::string& part) {
  RandomStream random({.seed = seed, .name = part});
  const uint64_t high = random();
  return (high << 32) | random();
}

std::vector<std::string> RecipeNames() {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(RecipesFolder(), ec)) {
    if (fs::exists(entry.path() / "recipe.yaml")) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::string> FindRecipe(const std::string& name) {
  std::error_code ec;
  if (fs::is_regular_file(name, ec)) return name;
  const fs::path inside = fs::path(name) / "recipe.yaml";
  if (fs::is_regular_file(inside, ec)) return inside.string();
  const fs::path known = fs::path(RecipesFolder()) / name / "recipe.yaml";
  if (fs::is_regular_file(known, ec)) return known.string();
  return absl::NotFoundError(absl::StrCat(
      name, ": no such recipe or file; recipes: ", absl::StrJoin(RecipeNames(), ", ")));
}

absl::StatusOr<Recipe> ReadRecipe(const Config& config) {
  Recipe recipe;
  ConfigReader r(config);
  int version = 1;
  r.Integer("version", &version, {.min = 1, .max = 1}, true);
  r.Text("title", &recipe.title);
  r.Seed("seed", &recipe.seed);
  const Config environment = r.Child("environment"), agent = r.Child("agent");
  const Config train = r.Child("train"), deploy = r.Child("deploy"), monitor = r.Child("monitor");
  ErrorList errors;  // of all sections, told at once
  errors.Add(r.Done());
  errors.Add(ReadTask(environment, &recipe));
  errors.Add(ReadAgent(agent, &recipe.agent));
  ConfigReader t(train);
  t.Integer("tune_steps", &recipe.tune_steps, {.min = 1, .max = 100000});
  errors.Add(ReadInstrument(t.Child("instrument"), &recipe.train_instrument));
  errors.Add(t.Done());
  ConfigReader d(deploy);
  d.Integer("steps", &recipe.deploy_steps, {.min = 1, .max = 1000000});
  const Config guard = d.Child("guard");
  errors.Add(ReadInstrument(d.Child("instrument"), &recipe.deploy_instrument));
  errors.Add(d.Done());
  errors.Add(ReadGuard(guard, recipe.deploy_instrument, &recipe.guard));
  errors.Add(ReadMonitor(monitor, &recipe.monitor));
  RONCHI_RETURN_IF_ERROR(errors.status());
  const double limit_nm = 1e9 * std::min(recipe.train_instrument.corrector_limit_m,
                                         recipe.deploy_instrument.corrector_limit_m);
  if (recipe.environment.range_nm > limit_nm) {
    return environment.Error("range_nm", absl::StrFormat("%g is beyond the correctors' limit; "
                                                         "allowed: up to %g",
                                                         recipe.environment.range_nm, limit_nm));
  }
  const fs::path path(config.file());
  recipe.name = path.filename() == "recipe.yaml" ? path.parent_path().filename().string()
                                                 : path.stem().string();
  if (recipe.name.empty()) recipe.name = "run";
  return recipe;
}

}  // namespace ronchi
