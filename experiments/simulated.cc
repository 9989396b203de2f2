#include "experiments/simulated.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "hw/twin/column/column_twin.h"
#include "hw/twin/particles/particles_twin.h"

namespace ronchi {
namespace {

using nlohmann::json;
using Made = absl::StatusOr<std::unique_ptr<hw::Instrument>>;

json RangesOf(const theory::Prior& prior) {
  json ranges;
  for (const auto& [name, range] : prior.ranges()) ranges[name] = {range.low, range.high};
  return ranges;
}

Made MakeColumn(const Config& node, uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions options, hw::ReadTwinOptions(node));
  return hw::MakeTwin(options, seed);
}
absl::StatusOr<std::string> SummariseColumn(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions o, hw::ReadTwinOptions(node));
  return absl::StrFormat("simulated column, %g kV, %g mrad, %s", o.energy_eV / 1e3,
                         o.semiangle_rad * 1e3, o.specimen_file);
}
absl::StatusOr<json> PriorOfColumn(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions options, hw::ReadTwinOptions(node));
  return RangesOf(options.prior);
}

Made MakeMap(const Config& node, uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MapTwinOptions options, hw::ReadMapTwinOptions(node));
  return hw::MakeMapTwin(options, seed);
}
absl::StatusOr<std::string> SummariseMap(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MapTwinOptions o, hw::ReadMapTwinOptions(node));
  return absl::StrFormat("simulated field of nanoparticles, %g kV, %g mrad, %g nm wide, spectra",
                         o.energy_eV / 1e3, o.semiangle_rad * 1e3, o.field_nm);
}
absl::StatusOr<json> PriorOfMap(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MapTwinOptions options, hw::ReadMapTwinOptions(node));
  return RangesOf(options.prior);
}

std::string PathOf(const std::string& preset) {
  return absl::StrCat(DataDirectory(), "/twins/", preset, ".yaml");
}

}  // namespace

const std::vector<SimulatedKind>& SimulatedKinds() {
  static const std::vector<SimulatedKind> kKinds = {
      {"column", MakeColumn, SummariseColumn, PriorOfColumn},
      {"map", MakeMap, SummariseMap, PriorOfMap},
  };
  return kKinds;
}

absl::StatusOr<const SimulatedKind*> KindOfSimulated(const Config& node) {
  std::string kind = SimulatedKinds()[0].kind, preset;
  ConfigReader r(node);
  if (node.Has("kind")) {
    r.Text("kind", &kind);
  } else if (node.Has("preset")) {
    // A file that is not there is named by whoever reads the options.
    r.Text("preset", &preset);
    if (const auto file = Config::Load(PathOf(preset)); file.ok() && file->Has("kind")) {
      ConfigReader(*file).Text("kind", &kind);
    }
  }
  std::vector<std::string> kinds;
  for (const SimulatedKind& k : SimulatedKinds()) {
    if (k.kind == kind) return &k;
    kinds.push_back(k.kind);
  }
  return node.Error(
      "kind", absl::StrCat("'", kind, "' is not allowed; allowed: ", absl::StrJoin(kinds, ", ")));
}

Made OpenSimulated(const Config& node, uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(const SimulatedKind* const kind, KindOfSimulated(node));
  return kind->make(node, seed);
}

std::vector<std::string> SimulatedPresets() {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(DataDirectory() + "/twins", ec)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<Config> SimulatedPreset(const std::string& name) {
  return Config::Parse("preset: " + name, "preset");
}

absl::StatusOr<json> DescribeSimulated(const std::string& preset) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, SimulatedPreset(preset));
  RONCHI_ASSIGN_OR_RETURN(const SimulatedKind* const kind, KindOfSimulated(config));
  RONCHI_ASSIGN_OR_RETURN(const auto twin, kind->make(config, 0));
  RONCHI_ASSIGN_OR_RETURN(const json prior, kind->prior(config));
  const hw::Description& d = twin->description();
  json properties, detectors;
  for (const hw::PropertyInfo& p : d.properties) {
    properties[p.name] =
        absl::StrCat(std::string(DimensionName(p.dimension)),
                     p.writable ? absl::StrCat(", writable, ", Format({p.min, p.dimension}), " … ",
                                               Format({p.max, p.dimension}))
                                : std::string(", read only"),
                     "; ", p.meaning);
  }
  for (const hw::DetectorInfo& x : d.detectors) {
    detectors[x.name] =
        absl::StrCat(Format(Radians(x.inner_rad)), " … ", Format(Radians(x.outer_rad)));
  }
  return json{{"kind", "instrument"},     {"name", d.id},
              {"summary", d.model},       {"simulated_kind", kind->kind},
              {"properties", properties}, {"detectors", detectors},
              {"cannot", d.cannot},       {"hidden_prior", prior}};
}

}  // namespace ronchi
