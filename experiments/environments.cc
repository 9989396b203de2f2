#include "experiments/environments.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "env/aberration_tuning.h"
#include "env/atom_move.h"
#include "env/wrapper.h"
#include "hw/twin/atom_twin.h"
#include "hw/twin/twin.h"

namespace ronchi {
namespace {

using Factory = env::EnvironmentFactory;
using Made = absl::StatusOr<std::unique_ptr<env::Environment>>;

// `instrument: old_and_drifting`, `instrument: {preset: …, current_pA: 20}`, or the default.
absl::StatusOr<hw::TwinOptions> ReadTwin(const Config& node, const std::string& otherwise) {
  std::string preset = otherwise;
  if (node.IsMap()) return hw::ReadTwinOptions(node);
  if (const auto text = node.Scalar(); text.ok()) preset = *text;
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse("preset: " + preset, "instrument"));
  return hw::ReadTwinOptions(config);
}

template <class Environment, class Options>
Made Mount(std::unique_ptr<hw::Instrument> instrument, const Options& options) {
  RONCHI_ASSIGN_OR_RETURN(auto task, Environment::Create(instrument.get(), options));
  return std::make_unique<env::Mounted>(std::move(instrument), std::move(task));
}

absl::StatusOr<Factory> AberrationTuning(const Config& instrument, const Config& task) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions twin, ReadTwin(instrument, "corrected_200kV"));
  env::AberrationTuningOptions options;
  options.dark_counts = twin.dark_counts;
  RONCHI_RETURN_IF_ERROR(env::ReadAberrationTuningOptions(task, &options));
  return Factory([=](uint64_t index) -> Made {
    RONCHI_ASSIGN_OR_RETURN(auto made, hw::MakeTwin(twin, 0));
    env::AberrationTuningOptions own = options;
    own.environment = index;
    return Mount<env::AberrationTuning>(std::move(made), own);
  });
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

}  // namespace

const std::vector<EnvironmentKind>& EnvironmentKinds() {
  static const std::vector<EnvironmentKind> kKinds = {{"AberrationTuning-v0", AberrationTuning},
                                                      {"AtomMove-v0", AtomMove}};
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
