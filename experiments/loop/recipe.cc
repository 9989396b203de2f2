#include "experiments/loop/recipe.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/nearest.h"
#include "core/random.h"
#include "env/aberration_tuning.h"
#include "experiments/catalog/agents.h"
#include "experiments/loop/alarm_actions.h"
#include "experiments/loop/streams.h"
#include "ronchi_paths.h"
#include "theory/monitor/kinds.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

std::string RecipesFolder() { return absl::StrCat(kSourceDirectory, "/experiments/recipes"); }

// An instrument of which there is nothing but its description: a task that is made over it has been
// checked against it.
class OnPaper final : public hw::Instrument {
 public:
  explicit OnPaper(hw::Description description) : description_(std::move(description)) {}
  const hw::Description& description() const override { return description_; }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command&, const hw::ExecuteOptions&) override {
    return absl::UnimplementedError("a description does nothing");
  }
  const hw::Description description_;
};

absl::Status CheckReward(const Config& task) {
  std::string reward = "image";  // of tasks that have one
  if (task.Has("reward")) ConfigReader(task).Text("reward", &reward);
  if (reward != "truth") return absl::OkStatus();
  return task.Error("reward",
                    "'truth' is not allowed in a recipe: the agent is deployed behind a "
                    "guard, which hides the truth; allowed: image");
}

absl::Status ReadMonitor(const Config& node, const std::optional<TheorySettings>& theory,
                         MonitorSettings* o, double* probe_defocus_nm) {
  const bool has_theory = theory.has_value();
  const bool follows = has_theory && !theory->prepared.followed.empty();
  ConfigReader r(node);
  r.Number("frames_between_false_alarms", &o->frames_between_false_alarms, {.min = 2, .max = 1e9});
  r.Number("probe_defocus_nm", probe_defocus_nm, {.min = 0.1, .max = 100});
  r.Integer("learning_frames", &o->learning_frames, {.min = 2, .max = 10000});
  r.Integer("settle", &o->settle, {.min = 0, .max = 1e6});
  r.Number("rest", &o->rest, {.min = 0, .max = 1e9});
  std::string rows = "step", when = "rest", reference = "deployment";
  r.Choice("reference", &reference, {"deployment", "policy"});
  o->policy_reference = reference == "policy";
  r.Choice("test", &o->test, theory::MonitorKindNames());
  r.Choice("rows", &rows, {"step", "episode"});
  if (rows == "episode") when = "always";
  r.Choice("when", &when, {"rest", "always"});
  o->rows = rows == "step" ? MonitorSettings::Rows::kStep : MonitorSettings::Rows::kEpisode;
  o->when = when == "rest" ? MonitorSettings::When::kRest : MonitorSettings::When::kAlways;
  if (rows == "episode" && when == "rest") {
    r.Fail("when", "'rest' is not allowed with 'rows: episode'; allowed: always");
  }
  const char* own = rows == "step" ? "reward" : "return";
  o->streams = {has_theory ? "innovations" : own};
  r.Texts("streams", &o->streams);
  o->on_alarm = {has_theory ? "re_estimate" : "restart_agent"};
  if (follows) o->on_alarm.push_back("recentre");
  r.Texts("on_alarm", &o->on_alarm);
  if (r.ok() && o->streams.empty()) r.Fail("streams", "an empty list watches nothing");
  for (const std::string& name : o->on_alarm) {
    const absl::StatusOr<const AlarmAction*> action = FindAlarmAction(name);
    if (!action.ok()) {
      r.Fail("on_alarm", std::string(action.status().message()));
    } else if ((*action)->needs_theory && !has_theory) {
      r.Fail("on_alarm", absl::StrCat("'", name, "' needs a theory, and this recipe has none"));
    } else if (name == "recentre" && !follows) {
      r.Fail("on_alarm", "'recentre' needs a theory of C10 and C12: theory.model scanned_crystal");
    }
  }
  for (const std::string& name : o->streams) {
    if (name == "innovations" && !has_theory) {
      r.Fail("streams", "'innovations' are theory's, and this recipe has none");
    }
    if (name == "innovations" && o->rows == MonitorSettings::Rows::kEpisode) {
      r.Fail("streams", "'innovations' are of steps; allowed with 'rows: step'");
    }
  }
  return r.Done();
}

// `theory: none`, or `theory: {model: <name>, …}`. Where nothing is said, there is one for the task
// that it was made for, on a column.
absl::Status ReadTheory(const Config& root, const Config& node, Recipe* recipe) {
  int level = 1;
  ConfigReader(recipe->task).Integer("level", &level, {.min = 1, .max = 3});
  const bool made_for = recipe->environment.rfind("AberrationTuning", 0) == 0 && level == 1;
  const auto kind = KindOf(recipe->deploy_instrument);
  const bool on_column = kind.ok() && (*kind)->kind == "column";
  std::string model = made_for && on_column ? "scanned_crystal" : "none";
  if (const auto text = node.Scalar(); text.ok()) model = *text;
  // What is not written stays so: a word alone, or nothing.
  RONCHI_ASSIGN_OR_RETURN(const Config unwritten, Config::Parse("{}", root.file()));
  ConfigReader r(node.IsMap() ? node : unwritten);
  if (node.IsMap()) {
    model = "scanned_crystal";
    r.Text("model", &model);
  }
  if (model == "none") return r.Done();
  const absl::StatusOr<const ForwardModelKind*> found = FindForwardModel(model);
  if (!found.ok()) {
    const std::string what(found.status().message());
    return node.IsMap() ? node.Error("model", what) : root.Error("theory", what);
  }
  const absl::StatusOr<PreparedTheory> prepared =
      (*found)->prepare(&r, {recipe->train_instrument, recipe->deploy_instrument});
  RONCHI_RETURN_IF_ERROR(r.Done());
  if (!prepared.ok()) return root.Error("theory", std::string(prepared.status().message()));
  recipe->theory = TheorySettings{(*found)->name, *prepared};
  return absl::OkStatus();
}

// That the task can be had on the instrument, the agent fits it, and its streams are there: before
// anything is trained. Where only the instrument itself knows what it is, later.
absl::Status CheckFit(const Config& root, const Config& instrument, const TaskMaker& make,
                      const Recipe& recipe) {
  RONCHI_ASSIGN_OR_RETURN(const std::optional<hw::Description> description,
                          DescriptionOf(instrument));
  if (!description) return absl::OkStatus();
  OnPaper paper(*description);
  const auto task = make(&paper, {});
  if (!task.ok()) {
    const std::string why(task.status().message());
    // Where the task names a key of its own, that is the place.
    for (const std::string& key : recipe.task.Keys()) {
      if (absl::StrContains(why, key + " = ")) return recipe.task.Error(key, why);
    }
    return root.Error("environment", why);
  }
  const env::Spec& spec = (*task)->spec();
  RONCHI_RETURN_IF_ERROR(CheckAgent(recipe.agent, spec));
  const auto streams = Streams::Create(recipe.monitor.streams, spec,
                                       recipe.monitor.rows == MonitorSettings::Rows::kEpisode);
  if (!streams.ok()) return root.Error("monitor.streams", std::string(streams.status().message()));
  return absl::OkStatus();
}

struct Stage {
  Config instrument;
  InstrumentMaker open;
  TaskMaker make_task;
};
absl::StatusOr<Stage> ReadStage(const Config& root, const EnvironmentKind& kind, const Config& task,
                                const Config& given, const DoorOptions& door = {}) {
  absl::StatusOr<Config> instrument = EnvironmentInstrument(kind.id, given, task);
  RONCHI_RETURN_IF_ERROR(instrument.status());
  RONCHI_ASSIGN_OR_RETURN(InstrumentMaker open, PrepareInstrument(*instrument, door));
  RONCHI_ASSIGN_OR_RETURN(TaskMaker make, kind.prepare(task, *instrument, false));
  return Stage{*std::move(instrument), std::move(open), std::move(make)};
}

std::string NameOf(const Config& config) {
  const fs::path path(config.file());
  const std::string name = path.filename() == "recipe.yaml" ? path.parent_path().filename().string()
                                                            : path.stem().string();
  return name.empty() ? "run" : name;
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
  const std::string nearest = NearestName(name, RecipeNames());
  return absl::NotFoundError(
      absl::StrCat(name, ": no such recipe or file; ",
                   nearest.empty() ? "" : absl::StrCat("did you mean '", nearest, "'? "),
                   "recipes: ", absl::StrJoin(RecipeNames(), ", ")));
}

absl::StatusOr<hw::GuardOptions> ReadRecipeGuard(const Config& node,
                                                 const hw::Description& instrument) {
  constexpr const char* kKnobs[] = {"optics.C10", "optics.C12.a", "optics.C12.b"};
  ConfigReader r(node);
  hw::GuardDefaults defaults{.dose_budget_e_per_A2 = 1e7, .known = {"limit_nm", "step_nm"}};
  if (const hw::PropertyInfo* c10 = instrument.FindProperty("optics.C10"); c10 && c10->writable) {
    double limit_nm = c10->max * 1e9, step_nm = 2 * limit_nm;
    r.Number("limit_nm", &limit_nm, {.min = 0.01, .max = 1e5});
    r.Number("step_nm", &step_nm, {.min = 0.01, .max = 1e5});
    if (!r.ok()) return r.status();
    for (const char* knob : kKnobs) {
      if (!instrument.FindProperty(knob)) continue;
      defaults.limits[knob] = {-limit_nm * 1e-9, limit_nm * 1e-9, step_nm * 1e-9};
    }
  }
  return hw::ReadGuardOptions(node, instrument, defaults);
}

absl::StatusOr<Recipe> ReadRecipe(const Config& config) {
  ConfigReader r(config);
  int version = 1;
  std::string title;
  uint64_t seed = 1;
  r.Integer("version", &version, {.min = 1, .max = 1}, true);
  r.Text("title", &title);
  r.Seed("seed", &seed);
  const Config task = r.Child("environment"), agent = r.Child("agent");
  const Config train = r.Child("train"), deploy = r.Child("deploy"), monitor = r.Child("monitor");
  r.Known("theory");
  std::string id = env::AberrationTuningSpec({}).id;  // what the first recipes were of
  ConfigReader(task).Text("id", &id);
  const absl::StatusOr<const EnvironmentKind*> kind = FindEnvironment(id);
  if (!kind.ok()) return task.Error("id", std::string(kind.status().message()));
  ConfigReader t(train), d(deploy);
  Recipe recipe{.name = NameOf(config),
                .title = title,
                .seed = seed,
                .environment = id,
                .task = task,
                .agent = agent,
                .train_instrument = t.Child("instrument"),
                .deploy_instrument = d.Child("instrument"),
                .guard = d.Child("guard")};
  t.Integer("tune_steps", &recipe.tune_steps, {.min = 1, .max = 100000});
  d.Integer("steps", &recipe.deploy_steps, {.min = 1, .max = 1000000});
  if (d.Has("one_episode")) d.Bool("one_episode", &recipe.one_episode);
  d.Known("one_episode");
  ErrorList errors;  // of all sections, told at once
  errors.Add(r.Done());
  errors.Add(CheckReward(task));
  errors.Add(t.Done());
  errors.Add(d.Done());
  const auto add = [&](absl::StatusOr<Stage> stage, Config* instrument, InstrumentMaker* open,
                       TaskMaker* make) {
    errors.Add(stage.status());
    if (!stage.ok()) return;
    *instrument = stage->instrument;
    *open = std::move(stage->open);
    *make = std::move(stage->make_task);
  };
  add(ReadStage(config, **kind, task, recipe.train_instrument), &recipe.train_instrument,
      &recipe.open_train, &recipe.make_train_task);
  // deploy.guard is the guard around it.
  add(ReadStage(config, **kind, task, recipe.deploy_instrument,
                {.guard = DoorGuard::kCallers, .prove = &recipe.prove}),
      &recipe.deploy_instrument, &recipe.open_deploy, &recipe.make_deploy_task);
  if (errors.status().ok()) errors.Add(ReadTheory(config, r.Child("theory"), &recipe));
  double probe_defocus_nm = 6;
  errors.Add(ReadMonitor(monitor, recipe.theory, &recipe.monitor, &probe_defocus_nm));
  RONCHI_RETURN_IF_ERROR(errors.status());
  if (recipe.theory) recipe.theory->probe_defocus_nm = probe_defocus_nm;
  if (recipe.monitor.rows == MonitorSettings::Rows::kEpisode) recipe.one_episode = false;
  RONCHI_ASSIGN_OR_RETURN(const auto description, DescriptionOf(recipe.deploy_instrument));
  if (description) errors.Add(ReadRecipeGuard(recipe.guard, *description).status());
  errors.Add(CheckFit(config, recipe.train_instrument, recipe.make_train_task, recipe));
  if (errors.ok()) {  // else it would say the same again
    errors.Add(CheckFit(config, recipe.deploy_instrument, recipe.make_deploy_task, recipe));
  }
  RONCHI_RETURN_IF_ERROR(errors.status());
  return recipe;
}

}  // namespace ronchi
