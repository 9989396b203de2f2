#include "experiments/map_environments.h"

#include "env/adaptive_scan.h"
#include "env/spectrum_search.h"
#include "env/wrapper.h"
#include "experiments/simulated.h"
#include "hw/twin/particles/particles_twin.h"

namespace ronchi {
namespace {

using Factory = env::EnvironmentFactory;
using Made = absl::StatusOr<std::unique_ptr<env::Environment>>;

// More and smaller particles, fewer electrons, and a specimen that moves. All chosen.
constexpr const char* kLevels[] = {
    R"(
preset: plasmonic_particles
name: few_particles
particles: {count: [3, 6], size_nm: [20, 36], touching_share: 0.2}
prior: {drift_x_nm_per_s: [0, 0], drift_y_nm_per_s: [0, 0], stage_walk_nm: [0, 0]}
)",
    "preset: plasmonic_particles",
    R"(
preset: plasmonic_particles
name: many_particles
current_pA: 2
particles: {count: [14, 24], size_nm: [8, 20], touching_share: 0.5}
prior: {drift_x_nm_per_s: [-0.03, 0.03], drift_y_nm_per_s: [-0.03, 0.03]}
)"};

absl::StatusOr<Config> InstrumentOf(const Config& given, int level) {
  if (given.IsMap()) return given;
  if (const auto preset = given.Scalar(); preset.ok()) return SimulatedPreset(*preset);
  return Config::Parse(MapOfLevel(level), "instrument");
}

// The task's options, and its instrument's config. Of a map twin dark and white are known; white is
// what 20 nm of particle read, and wins over no number but 0.
template <class Options>
absl::StatusOr<Config> Read(const Config& instrument, const Config& task, Options* o,
                            absl::Status (*read)(const Config&, Options*),
                            double Options::*dwell_s) {
  constexpr double kWhite_nm = 20;
  ConfigReader(task).Integer("level", &o->level, {.min = 1, .max = 3});  // errors: below
  RONCHI_ASSIGN_OR_RETURN(const Config config, InstrumentOf(instrument, o->level));
  RONCHI_ASSIGN_OR_RETURN(const SimulatedKind* const kind, KindOfSimulated(config));
  hw::MapTwinOptions twin;
  if (kind->kind == "map") {
    RONCHI_ASSIGN_OR_RETURN(twin, hw::ReadMapTwinOptions(config));
    o->dark_counts = twin.haadf.dark_counts;
  }
  RONCHI_RETURN_IF_ERROR(read(task, o));
  if (o->white_counts == 0 && kind->kind == "map") {
    RONCHI_ASSIGN_OR_RETURN(o->white_counts, hw::NominalHaadfCounts(twin, kWhite_nm, o->*dwell_s));
  }
  return config;
}

template <class Environment, class Options>
Factory MakeFactory(const Config& instrument, const Options& options) {
  // Text, as a Config is not for several threads.
  return [=, text = instrument.Dump()](uint64_t index) -> Made {
    RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse(text, "instrument"));
    RONCHI_ASSIGN_OR_RETURN(auto made, OpenSimulated(config, 0));
    Options own = options;
    own.environment = index;
    RONCHI_ASSIGN_OR_RETURN(auto task, Environment::Create(made.get(), own));
    return std::make_unique<env::Mounted>(std::move(made), std::move(task));
  };
}

}  // namespace

std::string MapOfLevel(int level) { return kLevels[level - 1]; }

absl::StatusOr<Factory> PrepareAdaptiveScan(const Config& instrument, const Config& task) {
  env::AdaptiveScanOptions options;
  RONCHI_ASSIGN_OR_RETURN(const Config config,
                          Read(instrument, task, &options, env::ReadAdaptiveScanOptions,
                               &env::AdaptiveScanOptions::dwell_s));
  return MakeFactory<env::AdaptiveScan>(config, options);
}

absl::StatusOr<Factory> PrepareSpectrumSearch(const Config& instrument, const Config& task) {
  env::SpectrumSearchOptions options;
  RONCHI_ASSIGN_OR_RETURN(const Config config,
                          Read(instrument, task, &options, env::ReadSpectrumSearchOptions,
                               &env::SpectrumSearchOptions::overview_dwell_s));
  return MakeFactory<env::SpectrumSearch>(config, options);
}

}  // namespace ronchi
