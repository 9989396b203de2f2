#include "experiments/environments.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "env/aberration_tuning.h"
#include "env/adaptive_scan.h"
#include "env/atom_move.h"
#include "env/drift_lock.h"
#include "env/ronchigram_tuning.h"
#include "env/spectrum_search.h"
#include "env/wrapper.h"
#include "env/zone_axis_tilt.h"
#include "experiments/environment_instruments.h"
#include "experiments/map_environments.h"
#include "hw/twin/sheet/sheet_twin.h"

namespace ronchi {
namespace {

using Factory = env::EnvironmentFactory;
using Made = absl::StatusOr<std::unique_ptr<env::Environment>>;

template <class Environment, class Options>
Made Mount(std::unique_ptr<hw::Instrument> instrument, const Options& options) {
  RONCHI_ASSIGN_OR_RETURN(auto task, Environment::Create(instrument.get(), options));
  return std::make_unique<env::Mounted>(std::move(instrument), std::move(task));
}

// Is nothing of the task changed but its level and reward? Then what has been measured holds.
bool AsMade(const Config& task) {
  const std::vector<std::string> keys = task.IsMap() ? task.Keys() : std::vector<std::string>();
  return std::ranges::all_of(keys, [](const std::string& key) {
    return key == "id" || key == "level" || key == "reward";
  });
}

// The options say what is asked for and at which level; then come the instruments of that level.
template <class Environment, class Options>
absl::StatusOr<Factory> Prepare(const Config& instrument, const Config& task, const char* id,
                                absl::Status (*read)(const Config&, Options*),
                                void (*know)(const hw::TwinOptions&, Options*) = nullptr) {
  Options options;
  const bool as_made = !instrument.IsMap() && !instrument.Scalar().ok() && AsMade(task);
  RONCHI_RETURN_IF_ERROR(read(task, &options));
  if (as_made) options.reward_threshold = RewardThreshold(id, options.level, options.reward_truth);
  RONCHI_ASSIGN_OR_RETURN(const Twins twins, ReadTwins(instrument, id, options.level));
  if (know) know(twins[0], &options);
  return Factory([=](uint64_t index) -> Made {
    RONCHI_ASSIGN_OR_RETURN(auto made, MakeInstrument(twins));
    Options own = options;
    own.environment = index;
    return Mount<Environment>(std::move(made), own);
  });
}

absl::StatusOr<Factory> AberrationTuning(const Config& instrument, const Config& task) {
  return Prepare<env::AberrationTuning, env::AberrationTuningOptions>(
      instrument, task, "AberrationTuning-v0", env::ReadAberrationTuningOptions,
      [](const hw::TwinOptions& twin, env::AberrationTuningOptions* o) {
        o->dark_counts = twin.dark_counts;
      });
}

absl::StatusOr<Factory> DriftLock(const Config& instrument, const Config& task) {
  return Prepare<env::DriftLock>(instrument, task, "DriftLock-v0", env::ReadDriftLockOptions);
}

// `task: {level: 2}` sets the instrument's defaults, too; its own keys win.
absl::StatusOr<Factory> AtomMove(const Config& instrument, const Config& task) {
  env::AtomMoveOptions options;
  int level = 1;
  RONCHI_RETURN_IF_ERROR(env::ReadAtomMoveOptions(task, &options, &level));
  RONCHI_ASSIGN_OR_RETURN(hw::AtomTwinOptions twin, hw::ReadAtomTwinOptions(instrument, level));
  twin.image_pixels = options.image_pixels;
  return Factory([=](uint64_t index) -> Made {
    RONCHI_ASSIGN_OR_RETURN(auto made, hw::MakeAtomTwin(twin, 0));
    env::AtomMoveOptions own = options;
    own.environment = index;
    return Mount<env::AtomMove>(std::move(made), own);
  });
}

absl::StatusOr<Factory> RonchigramTuning(const Config& instrument, const Config& task) {
  return Prepare<env::RonchigramTuning, env::RonchigramTuningOptions>(
      instrument, task, "RonchigramTuning-v0", env::ReadRonchigramTuningOptions,
      [](const hw::TwinOptions& twin, env::RonchigramTuningOptions* o) {
        o->dark_counts = twin.camera.dark_counts;
      });
}

absl::StatusOr<Factory> ZoneAxisTilt(const Config& instrument, const Config& task) {
  return Prepare<env::ZoneAxisTilt, env::ZoneAxisTiltOptions>(
      instrument, task, "ZoneAxisTilt-v0", env::ReadZoneAxisTiltOptions,
      [](const hw::TwinOptions& twin, env::ZoneAxisTiltOptions* o) {
        o->dark_counts = twin.camera.dark_counts;
      });
}

}  // namespace

const std::vector<EnvironmentKind>& EnvironmentKinds() {
  static const std::vector<EnvironmentKind> kKinds = {
      {"AberrationTuning-v0", AberrationTuning, env::AberrationTuningSpec({}).summary},
      {"AdaptiveScan-v0", PrepareAdaptiveScan, env::AdaptiveScanSpec({}, true).summary},
      {"AtomMove-v0", AtomMove, env::AtomMoveSpec({}).summary},
      {"DriftLock-v0", DriftLock, env::DriftLockSpec({}).summary},
      {"RonchigramTuning-v0", RonchigramTuning, env::RonchigramTuningSpec({}).summary},
      {"SpectrumSearch-v0", PrepareSpectrumSearch, env::SpectrumSearchSpec({}, true).summary},
      {"ZoneAxisTilt-v0", ZoneAxisTilt, env::ZoneAxisTiltSpec({}).summary},
  };
  return kKinds;
}

absl::StatusOr<env::EnvironmentFactory> PrepareEnvironments(const std::string& id,
                                                            const Config& config) {
  std::vector<std::string> ids;
  for (const EnvironmentKind& kind : EnvironmentKinds()) {
    ids.push_back(kind.id);
    if (kind.id != id) continue;
    ConfigReader r(config);
    const Config instrument = r.Child("instrument"), task = r.Child("task");
    RONCHI_RETURN_IF_ERROR(r.Done());
    return kind.prepare(instrument, task);
  }
  // An older version of one that there is.
  const std::string name = id.substr(0, id.rfind("-v"));
  for (const std::string& other : ids) {
    if (other.substr(0, other.rfind("-v")) != name || other < id) continue;
    return absl::NotFoundError(
        absl::StrCat("environment '", id, "' is now ", other,
                     ", which is harder or brighter: train anew with that id "
                     "(docs/environments.md#versions)"));
  }
  return absl::NotFoundError(absl::StrCat(
      "environment '", id, "': there is none of that name; there are: ", absl::StrJoin(ids, ", ")));
}

absl::StatusOr<std::unique_ptr<env::Environment>> MakeEnvironment(const std::string& id,
                                                                  const std::string& yaml) {
  RONCHI_ASSIGN_OR_RETURN(const Config config,
                          Config::Parse(yaml.empty() ? "{}" : yaml, "environment"));
  RONCHI_ASSIGN_OR_RETURN(const env::EnvironmentFactory make, PrepareEnvironments(id, config));
  return make(0);
}

}  // namespace ronchi
