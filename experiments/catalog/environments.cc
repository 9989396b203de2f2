#include "experiments/catalog/environments.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "core/nearest.h"
#include "env/aberration_tuning.h"
#include "env/adaptive_scan.h"
#include "env/atom_move.h"
#include "env/drift_lock.h"
#include "env/ronchigram_tuning.h"
#include "env/spectrum_search.h"
#include "env/versions.h"
#include "env/wrapper.h"
#include "env/zone_axis_tilt.h"
#include "experiments/catalog/instruments.h"
#include "hw/twin/particles/particles_twin.h"

namespace ronchi {
namespace env {
TaskKind CorrectorTuningTask();  // env/corrector_tuning.cc
TaskKind DoseHoldTask();         // env/dose_hold.cc
}  // namespace env
namespace {

using Made = absl::StatusOr<std::unique_ptr<env::Environment>>;

// "AberrationTuning-v1" → "AberrationTuning".
std::string TaskName(const std::string& id) { return id.substr(0, id.rfind("-v")); }

absl::StatusOr<Config> LoadLevel(const std::string& id, int level) {
  const std::string stem = absl::StrCat(DataDirectory(), "/levels/", TaskName(id));
  std::error_code ec;
  if (!std::filesystem::is_regular_file(stem + ".yaml", ec)) {
    return Config::Load(absl::StrCat(stem, "/", level, ".yaml"));
  }
  RONCHI_ASSIGN_OR_RETURN(const Config all, Config::Load(stem + ".yaml"));
  const std::string key = absl::StrCat(level);
  if (!all.Has(key)) return all.Error(key, "there is no such level");
  return ConfigReader(all).Child(key);
}

// Is nothing of the task changed but its level and reward? Then what has been measured holds.
bool AsMade(const Config& task) {
  const std::vector<std::string> keys = task.IsMap() ? task.Keys() : std::vector<std::string>();
  return std::ranges::all_of(keys, [](const std::string& key) {
    return key == "id" || key == "level" || key == "reward";
  });
}

// The return at which the task counts as solved on the level's own instrument, where one has been
// measured; else 0.
double SolvedAt(const std::string& id, int level, bool truth) {
  const absl::StatusOr<Config> file = LoadLevel(id, level);
  if (!file.ok()) return 0;
  double solved = 0;
  ConfigReader r(*file);
  ConfigReader(r.Child("solved_at")).Number(truth ? "truth" : "image", &solved);
  return solved;
}

// A task whose options say all; `detector` is the one whose dark level it subtracts, "" for none.
template <class Environment, class Options>
absl::StatusOr<TaskMaker> Prepare(const char* id, const char* detector, const Config& task,
                                  bool as_made, absl::Status (*read)(const Config&, Options*)) {
  Options options;
  const bool measured = as_made && AsMade(task);
  RONCHI_RETURN_IF_ERROR(read(task, &options));
  if (measured) options.reward_threshold = SolvedAt(id, options.level, options.reward_truth);
  return TaskMaker([=](hw::Instrument* instrument, const TaskPlace& place) -> Made {
    Options own = options;
    own.environment = place.index;
    own.randomise = place.randomise;
    if (place.max_episode_steps > 0) own.max_episode_steps = place.max_episode_steps;
    if constexpr (requires { own.dark_counts; }) {
      const hw::DetectorInfo* info = instrument->description().FindDetector(detector);
      if (info) own.dark_counts = info->dark_counts;
    }
    return Environment::Create(instrument, own);
  });
}

absl::StatusOr<TaskMaker> AberrationTuning(const Config& task, const Config&, bool as_made) {
  return Prepare<env::AberrationTuning, env::AberrationTuningOptions>(
      "AberrationTuning-v1", "haadf", task, as_made, env::ReadAberrationTuningOptions);
}
absl::StatusOr<TaskMaker> DriftLock(const Config& task, const Config&, bool as_made) {
  return Prepare<env::DriftLock, env::DriftLockOptions>("DriftLock-v1", "haadf", task, as_made,
                                                        env::ReadDriftLockOptions);
}
absl::StatusOr<TaskMaker> RonchigramTuning(const Config& task, const Config&, bool as_made) {
  return Prepare<env::RonchigramTuning, env::RonchigramTuningOptions>(
      "RonchigramTuning-v1", "camera", task, as_made, env::ReadRonchigramTuningOptions);
}
absl::StatusOr<TaskMaker> ZoneAxisTilt(const Config& task, const Config&, bool as_made) {
  return Prepare<env::ZoneAxisTilt, env::ZoneAxisTiltOptions>(
      "ZoneAxisTilt-v1", "camera", task, as_made, env::ReadZoneAxisTiltOptions);
}

absl::StatusOr<TaskMaker> AtomMove(const Config& task, const Config&, bool) {
  env::AtomMoveOptions options;
  int level = 1;
  RONCHI_RETURN_IF_ERROR(env::ReadAtomMoveOptions(task, &options, &level));
  return TaskMaker([=](hw::Instrument* instrument, const TaskPlace& place) -> Made {
    env::AtomMoveOptions own = options;
    own.environment = place.index;
    own.randomise = place.randomise;
    return env::AtomMove::Create(instrument, own);
  });
}

// Over a field of particles. Of a simulated one dark and white are known; white is what 20 nm of
// particle read, and wins over no number but 0.
template <class Environment, class Options>
absl::StatusOr<TaskMaker> PrepareMap(const Config& task, const Config& instrument,
                                     absl::Status (*read)(const Config&, Options*),
                                     double Options::*dwell_s) {
  constexpr double kWhite_nm = 20;
  Options options;
  ConfigReader(task).Integer("level", &options.level, {.min = 1, .max = 3});  // errors: below
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(instrument));
  const bool simulated = kind->kind == "particles";
  hw::MapTwinOptions twin;
  if (simulated) {
    RONCHI_ASSIGN_OR_RETURN(twin, hw::ReadMapTwinOptions(WithoutChain(instrument)));
    options.dark_counts = twin.haadf.dark_counts;
  }
  RONCHI_RETURN_IF_ERROR(read(task, &options));
  if (simulated && options.white_counts == 0) {
    RONCHI_ASSIGN_OR_RETURN(options.white_counts,
                            hw::NominalHaadfCounts(twin, kWhite_nm, options.*dwell_s));
  }
  return TaskMaker([=](hw::Instrument* given, const TaskPlace& place) -> Made {
    Options own = options;
    own.environment = place.index;
    own.randomise = place.randomise;
    return Environment::Create(given, own);
  });
}
absl::StatusOr<TaskMaker> AdaptiveScan(const Config& task, const Config& instrument, bool) {
  return PrepareMap<env::AdaptiveScan>(task, instrument, env::ReadAdaptiveScanOptions,
                                       &env::AdaptiveScanOptions::dwell_s);
}
absl::StatusOr<TaskMaker> SpectrumSearch(const Config& task, const Config& instrument, bool) {
  return PrepareMap<env::SpectrumSearch>(task, instrument, env::ReadSpectrumSearchOptions,
                                         &env::SpectrumSearchOptions::overview_dwell_s);
}

// The sheet twin's image is the task's to ask for.
absl::Status AskForImage(const Config& task, Config* instrument) {
  env::AtomMoveOptions options;
  int level = 1;
  RONCHI_RETURN_IF_ERROR(env::ReadAtomMoveOptions(task, &options, &level));
  RONCHI_ASSIGN_OR_RETURN(
      const Config image,
      Config::Parse(absl::StrCat("image_pixels: ", options.image_pixels), "task"));
  *instrument = instrument->WithDefaults(image);
  return absl::OkStatus();
}

// A task that says all of itself.
EnvironmentKind Of(const env::TaskKind& kind) {
  const auto prepare = [id = kind.spec.id, own = kind.prepare](
                           const Config& task, const Config&,
                           bool as_made) -> absl::StatusOr<TaskMaker> {
    int level = 1;
    if (task.Has("level")) ConfigReader(task).Integer("level", &level, {.min = 1, .max = 3});
    return own(task, as_made && AsMade(task) ? SolvedAt(id, level, false) : 0);
  };
  return {kind.spec.id, prepare, kind.spec};
}

}  // namespace

const std::vector<EnvironmentKind>& EnvironmentKinds() {
  static const std::vector<EnvironmentKind> kKinds = {
      {"AberrationTuning-v1", AberrationTuning, env::AberrationTuningSpec({})},
      {"AdaptiveScan-v0", AdaptiveScan, env::AdaptiveScanSpec({}, true)},
      {"AtomMove-v0", AtomMove, env::AtomMoveSpec({})},
      Of(env::CorrectorTuningTask()),
      Of(env::DoseHoldTask()),
      {"DriftLock-v1", DriftLock, env::DriftLockSpec({})},
      {"RonchigramTuning-v1", RonchigramTuning, env::RonchigramTuningSpec({})},
      {"SpectrumSearch-v0", SpectrumSearch, env::SpectrumSearchSpec({}, true)},
      {"ZoneAxisTilt-v1", ZoneAxisTilt, env::ZoneAxisTiltSpec({})},
  };
  return kKinds;
}

double SolvedAtDefaults(const EnvironmentKind& kind) { return SolvedAt(kind.id, 1, false); }

absl::StatusOr<const EnvironmentKind*> FindEnvironment(const std::string& id) {
  std::vector<std::string> ids;
  for (const EnvironmentKind& kind : EnvironmentKinds()) {
    if (kind.id == id) return &kind;
    ids.push_back(kind.id);
  }
  if (const std::string now = env::LaterVersion(id, ids); !now.empty()) {
    return absl::NotFoundError("environment " + env::OlderVersionLine(id, now));
  }
  const std::string nearest = NearestName(id, ids);
  return absl::NotFoundError(
      absl::StrCat("environment '", id, "': there is none of that name; ",
                   nearest.empty() ? "" : absl::StrCat("did you mean '", nearest, "'? "),
                   "there are: ", absl::StrJoin(ids, ", ")));
}

absl::StatusOr<Config> LevelInstrument(const std::string& id, int level) {
  RONCHI_ASSIGN_OR_RETURN(const Config file, LoadLevel(id, level));
  return ConfigReader(file).Child("instrument");
}

absl::StatusOr<Config> EnvironmentInstrument(const std::string& id, const Config& instrument,
                                             const Config& task) {
  int level = 1;
  if (task.Has("level")) {  // its default, and errors, are the task's
    ConfigReader(task).Integer("level", &level, {.min = 1, .max = 3});
  }
  Config config = instrument;
  if (const auto name = instrument.Scalar(); name.ok()) {
    absl::StatusOr<Config> named = InstrumentConfig(*name);
    if (!named.ok()) return instrument.Error("", std::string(named.status().message()));
    config = *std::move(named);
  } else if (!instrument.IsMap()) {
    RONCHI_ASSIGN_OR_RETURN(config, LevelInstrument(id, level));
  }
  if (TaskName(id) == "AtomMove" && !config.Has("kind") && !config.Has("preset")) {
    RONCHI_ASSIGN_OR_RETURN(const Config own, LevelInstrument(id, level));
    config = config.WithDefaults(own);
  }
  const absl::StatusOr<const InstrumentKind*> kind = KindOf(config);
  if (TaskName(id) == "AtomMove" && kind.ok() && (*kind)->kind == "sheet") {
    RONCHI_RETURN_IF_ERROR(AskForImage(task, &config));
  }
  return config;
}

absl::StatusOr<env::EnvironmentFactory> PrepareEnvironments(const std::string& id,
                                                            const Config& config) {
  RONCHI_ASSIGN_OR_RETURN(const EnvironmentKind* const kind, FindEnvironment(id));
  ConfigReader r(config);
  const Config given = r.Child("instrument"), task = r.Child("task");
  RONCHI_RETURN_IF_ERROR(r.Done());
  const bool as_made = !given.IsMap() && !given.Scalar().ok();
  RONCHI_ASSIGN_OR_RETURN(const Config instrument, EnvironmentInstrument(id, given, task));
  RONCHI_ASSIGN_OR_RETURN(const TaskMaker make, kind->prepare(task, instrument, as_made));
  RONCHI_ASSIGN_OR_RETURN(const InstrumentMaker open, PrepareInstrument(instrument));
  return env::EnvironmentFactory([=](uint64_t index) -> Made {
    RONCHI_ASSIGN_OR_RETURN(auto opened, open(0));
    RONCHI_ASSIGN_OR_RETURN(auto made, make(opened.get(), {.index = index}));
    return std::make_unique<env::Mounted>(std::move(opened), std::move(made));
  });
}

absl::StatusOr<std::unique_ptr<env::Environment>> MakeEnvironment(const std::string& id,
                                                                  const std::string& yaml) {
  RONCHI_ASSIGN_OR_RETURN(const Config config,
                          Config::Parse(yaml.empty() ? "{}" : yaml, "environment"));
  RONCHI_ASSIGN_OR_RETURN(const env::EnvironmentFactory make, PrepareEnvironments(id, config));
  return make(0);
}

}  // namespace ronchi
