#include "experiments/catalog/instruments.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "hw/twin/sheet/sheet_twin.h"
#include "hw/twin/particles/describe_particles.h"
#include "hw/twin/column/describe_column.h"
#include "hw/twin/particles/particles_twin.h"
#include "hw/twin/column/column_twin.h"

namespace ronchi {
namespace {

using nlohmann::json;

json RangesOf(const theory::Prior& prior) {
  json ranges;
  for (const auto& [name, range] : prior.ranges()) ranges[name] = {range.low, range.high};
  return ranges;
}

absl::StatusOr<InstrumentMaker> PrepareColumn(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions options, hw::ReadTwinOptions(node));
  return InstrumentMaker([=](uint64_t seed) { return hw::MakeTwin(options, seed); });
}
absl::StatusOr<hw::Description> DescriptionOfColumn(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions options, hw::ReadTwinOptions(node));
  return hw::DescribeTwin(options);
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

absl::StatusOr<InstrumentMaker> PrepareParticles(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MapTwinOptions options, hw::ReadMapTwinOptions(node));
  return InstrumentMaker([=](uint64_t seed) { return hw::MakeMapTwin(options, seed); });
}
absl::StatusOr<hw::Description> DescriptionOfParticles(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MapTwinOptions options, hw::ReadMapTwinOptions(node));
  return hw::DescribeMapTwin(options);
}
absl::StatusOr<std::string> SummariseParticles(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MapTwinOptions o, hw::ReadMapTwinOptions(node));
  return absl::StrFormat("simulated field of nanoparticles, %g kV, %g mrad, %g nm wide, spectra",
                         o.energy_eV / 1e3, o.semiangle_rad * 1e3, o.field_nm);
}
absl::StatusOr<json> PriorOfParticles(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::MapTwinOptions options, hw::ReadMapTwinOptions(node));
  return RangesOf(options.prior);
}

absl::StatusOr<InstrumentMaker> PrepareSheet(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::AtomTwinOptions options, hw::ReadAtomTwinOptions(node));
  return InstrumentMaker([=](uint64_t seed) { return hw::MakeAtomTwin(options, seed); });
}
absl::StatusOr<hw::Description> DescriptionOfSheet(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::AtomTwinOptions options, hw::ReadAtomTwinOptions(node));
  RONCHI_ASSIGN_OR_RETURN(const auto twin, hw::MakeAtomTwin(options, 0));  // costs nothing
  return twin->description();
}
absl::StatusOr<std::string> SummariseSheet(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::AtomTwinOptions o, hw::ReadAtomTwinOptions(node));
  return absl::StrFormat("simulated sheet of graphene with a silicon atom, %g kV, %g mrad",
                         o.energy_eV / 1e3, o.semiangle_rad * 1e3);
}
absl::StatusOr<json> PriorOfSheet(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const hw::AtomTwinOptions options, hw::ReadAtomTwinOptions(node));
  return RangesOf(options.prior);
}

std::string PresetPath(const std::string& preset) {
  return absl::StrCat(DataDirectory(), "/twins/", preset, ".yaml");
}

}  // namespace

const std::vector<InstrumentKind>& InstrumentKinds() {
  static const std::vector<InstrumentKind> kKinds = {
      {"column", "a simulated column over a crystal or a film", PrepareColumn, SummariseColumn,
       PriorOfColumn, "", DescriptionOfColumn},
      {"particles", "a simulated column over a field of nanoparticles, with spectra",
       PrepareParticles, SummariseParticles, PriorOfParticles, "map", DescriptionOfParticles},
      {"sheet", "a simulated sheet of graphene with one silicon atom", PrepareSheet, SummariseSheet,
       PriorOfSheet, "", DescriptionOfSheet},
  };
  return kKinds;
}

absl::StatusOr<const InstrumentKind*> KindOf(const Config& node) {
  std::string kind = InstrumentKinds()[0].kind, preset;
  ConfigReader r(node);
  if (node.Has("kind")) {
    r.Text("kind", &kind);
  } else if (node.Has("preset")) {
    // A file that is not there is named by whoever reads the options.
    r.Text("preset", &preset);
    if (const auto file = Config::Load(PresetPath(preset)); file.ok() && file->Has("kind")) {
      ConfigReader(*file).Text("kind", &kind);
    }
  }
  std::vector<std::string> kinds;
  for (const InstrumentKind& k : InstrumentKinds()) {
    if (k.kind == kind || (!k.once.empty() && k.once == kind)) return &k;
    kinds.push_back(k.kind);
  }
  return node.Error(
      "kind", absl::StrCat("'", kind, "' is not allowed; allowed: ", absl::StrJoin(kinds, ", ")));
}

absl::StatusOr<std::optional<hw::Description>> DescriptionOf(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(node));
  if (!kind->describe) return std::optional<hw::Description>();
  RONCHI_ASSIGN_OR_RETURN(hw::Description description, kind->describe(node));
  return std::optional<hw::Description>(std::move(description));
}

absl::StatusOr<InstrumentMaker> PrepareInstrument(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(node));
  return kind->prepare(node);
}

absl::StatusOr<std::unique_ptr<hw::Instrument>> OpenInstrument(const Config& node, uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(const InstrumentMaker make, PrepareInstrument(node));
  return make(seed);
}

absl::StatusOr<Config> InstrumentConfig(const std::string& name,
                                        const std::vector<std::string>& overrides) {
  std::error_code ec;
  const std::vector<std::string> presets = InstrumentPresets();
  if (std::find(presets.begin(), presets.end(), name) != presets.end()) {
    return Config::Parse("preset: " + name, "preset", overrides);
  }
  if (std::filesystem::is_regular_file(name, ec)) return Config::Load(name, overrides);
  return absl::NotFoundError(absl::StrCat(
      "instrument '", name, "': no such preset or file; presets: ", absl::StrJoin(presets, ", ")));
}

std::vector<std::string> InstrumentPresets() {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(DataDirectory() + "/twins", ec)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<json> DescribeInstrument(const std::string& preset) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, InstrumentConfig(preset));
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(config));
  RONCHI_ASSIGN_OR_RETURN(const auto twin, OpenInstrument(config, 0));
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
