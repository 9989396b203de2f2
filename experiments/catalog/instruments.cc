#include "experiments/catalog/instruments.h"

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "core/hash.h"
#include "experiments/catalog/plugged_instruments.h"
#include "experiments/catalog/wired_instruments.h"
#include "hw/twin/column/column_twin.h"
#include "hw/twin/column/describe_column.h"
#include "hw/twin/particles/describe_particles.h"
#include "hw/twin/particles/particles_twin.h"
#include "hw/twin/sheet/sheet_twin.h"

namespace ronchi {
namespace {

using nlohmann::json;

json RangesOf(const theory::Prior& prior) {
  json ranges;
  for (const auto& [name, range] : prior.ranges()) ranges[name] = {range.low, range.high};
  return ranges;
}

// What a config says once all is read, and the atoms of the structure file that it names.
std::string KeyOf(const Config& node, const hw::TwinOptions& options) {
  Hasher hasher;
  for (const sim::Atom& a : options.specimen.atoms) {
    const std::array<double, 6> numbers = {double(a.z), a.x_A, a.y_A, a.z_A, a.occupancy, a.rms_A};
    hasher.Update(std::as_bytes(std::span(numbers)));
  }
  return node.Dump() + hasher.Digest().Hex();
}

// The makers of the latest configs are kept: who opens one column again and again, as tests and
// gymnasium.make do, prepares its camera once.
absl::StatusOr<InstrumentMaker> PrepareColumn(const Config& node) {
  constexpr size_t kKept = 4;
  static std::mutex mutex;
  static auto& kept = *new std::deque<std::pair<std::string, hw::TwinMaker>>;
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions options, hw::ReadTwinOptions(node));
  const std::string key = KeyOf(node, options);
  const std::lock_guard<std::mutex> lock(mutex);
  for (const auto& [known, maker] : kept) {
    if (known == key) return InstrumentMaker(maker);
  }
  if (kept.size() == kKept) kept.pop_front();
  return InstrumentMaker(kept.emplace_back(key, hw::MakeTwinMaker(options)).second);
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

using Keys = std::vector<std::pair<std::string, std::string>>;

// What everything that speaks over a wire has besides.
Keys WithTimes(Keys keys) {
  keys.insert(keys.end(), {{"connect_s", "for a connection and the greeting; 10"},
                           {"silence_s", "without a word after which it is taken for gone; 10"},
                           {"cancel_s", "from a cancel to the end of the command; 10"},
                           {"longest_s", "that a command may take beyond its forecast; 60"}});
  return keys;
}

json WrapperKeys() {
  return {{"guard", "limits, dose budget …; or none (docs/safety.md)"},
          {"record", "a folder for every command and reply"},
          {"retry", "attempts, first_wait_s, longest_wait_s; or none"},
          {"lease", "holder, watch: properties that nobody else may move"},
          {"prove",
           "by property: step, and measure or image: its effect is measured before it is "
           "driven"},
          {"nothing_guards_the_beam", "true allows guard: none of what is no simulation"}};
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
      {"replay",
       "answers from the record of a run: the same commands get the same replies, to the bit",
       PrepareReplay,
       SummariseReplay,
       nullptr,
       "",
       nullptr,
       false,
       {{"folder", "of the run, seen from where ronchi runs"},
        {"instrument", "whose record: tune, deploy …"}}},
      {"composite",
       "several instruments as one: the column first, then a corrector, a camera …",
       PrepareComposite,
       SummariseComposite,
       nullptr,
       "",
       nullptr,
       true,
       {{"parts", "a list of instruments, each a name or a mapping; the first is the column"}}},
      {"program",
       "a program of one's own, started here, that speaks over its standard input and output",
       PrepareProgram, SummariseProgram, nullptr, "", nullptr, true,
       WithTimes({{"command", "its words: [python3, column.py]"},
                  {"folder", "where it runs; that of the config's file"},
                  {"end_s", "that it has to end by itself; 5"}})},
      {"remote",
       "an instrument that is served at a network address, by ronchi.serve_instrument or another "
       "program",
       PrepareRemote, SummariseRemote, nullptr, "", nullptr, true,
       WithTimes({{"address", "host:port"}})},
      {"library",
       "a driver in C++, in a shared library of its own",
       PrepareLibrary,
       SummariseLibrary,
       nullptr,
       "",
       nullptr,
       true,
       {{"path", "of the library, seen from the folder"},
        {"folder", "that of the config's file"},
        {"options", "the driver's own keys"}}},
      {"dectris",
       "a DECTRIS detector by SIMPLON and its stream, part of a composite (docs/drivers/dectris.md)",
       PrepareDectris, SummariseDectris, nullptr, "", nullptr, true, DectrisKeys()},
      {"gms",
       "stage, DigiScan and camera of Gatan Microscopy Suite, part of a composite "
       "(docs/drivers/gms.md)",
       PrepareGms, SummariseGms, nullptr, "", nullptr, true, GmsKeys()},
      {"merlin",
       "a Merlin camera of Quantum Detectors, part of a composite (docs/drivers/merlin.md)",
       PrepareMerlin,
       SummariseMerlin,
       nullptr,
       "",
       nullptr,
       true,
       {{"control", "host:port of its commands, usually 6341"},
        {"data", "host:port of its frames, usually 6342"},
        {"camera", "its name here; merlin"},
        {"pixel_mrad", "across a pixel; 0 (not known)"},
        {"min_time_ms", "of an exposure; 0"},
        {"max_time_ms", "of an exposure; 1e9"},
        {"counter_depth", "1, 6, 12, 24 bits; 0 (as it stands)"},
        {"trigger", "as_it_is, internal or soft"},
        {"connect_s", "for a connection; 5"},
        {"answer_s", "that a word of it may take; 5"},
        {"frame_s", "beyond its exposure until a frame is there; 10"}}},
      {"temscript",
       "a Thermo Fisher or FEI column by temscript's web service (docs/drivers/temscript.md)",
       PrepareTemscript,
       SummariseTemscript,
       nullptr,
       "",
       nullptr,
       true,
       {{"address", "host:port of its server"},
        {"answer_s", "that a word of it may take; 10"},
        {"move_s", "that the stage may take; 120"},
        {"field_at_magnification_1_m", "side of the scanned field; without it nothing is scanned"},
        {"frame_pixels", "along a side of a scan without binning; 2048"},
        {"defocus_sign", "of optics.C10 against probe_defocus: 1, -1, 0 (left alone); 1"},
        {"defocus_limit_nm", "1000"},
        {"beam_shift_limit_nm", "10000"},
        {"current_pA", "of the beam; without it what the screen tells"},
        {"detectors",
         "by temscript's name: name, inner_mrad, outer_mrad, dark_counts, "
         "saturation_counts; without it all"}}},
      {"ceos",
       "a CEOS aberration corrector by its JSON-RPC, a part beside a column (docs/drivers/ceos.md)",
       PrepareCeos,
       SummariseCeos,
       nullptr,
       "",
       nullptr,
       true,
       {{"address", "host:port of its gateway: 7072 for the probe, 7071 for the image"},
        {"limits_nm", "how far each may be driven, 0: not offered; {A1: 100, A2: 500, B2: 500}"},
        {"tableau", "type: Fast, Standard, Enhanced; angle_mrad, 0: the type's; answer_s, 120"},
        {"field_nm", "side of the square that a measurement exposes; 100"},
        {"connect_s", "for a connection; 5"},
        {"answer_s", "that a correction may take; 5"},
        {"measure_s", "that measureC1A1 may take; 20"}}},
      DeKind(),
      DeTemKind(),
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
  RONCHI_ASSIGN_OR_RETURN(hw::Description description, kind->describe(WithoutChain(node)));
  return std::optional<hw::Description>(std::move(description));
}

absl::StatusOr<InstrumentMaker> PrepareInstrument(const Config& node, const DoorOptions& door) {
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(node));
  RONCHI_ASSIGN_OR_RETURN(const InstrumentChain chain,
                          ReadInstrumentChain(node, door, kind->may_be_real));
  RONCHI_ASSIGN_OR_RETURN(const InstrumentMaker make, kind->prepare(WithoutChain(node)));
  // A config is not for several threads.
  const auto alone = std::make_shared<std::mutex>();
  return InstrumentMaker([=](uint64_t seed) -> absl::StatusOr<std::unique_ptr<hw::Instrument>> {
    RONCHI_ASSIGN_OR_RETURN(auto driver, make(seed));
    const std::lock_guard<std::mutex> lock(*alone);
    return WrapInstrument(chain, std::move(driver));
  });
}

absl::StatusOr<std::unique_ptr<hw::Instrument>> OpenInstrument(const Config& node, uint64_t seed,
                                                               const DoorOptions& door) {
  RONCHI_ASSIGN_OR_RETURN(const InstrumentMaker make, PrepareInstrument(node, door));
  return make(seed);
}

absl::StatusOr<std::string> SummariseInstrument(const Config& node) {
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(node));
  return kind->summarise(WithoutChain(node));
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

json DescribeInstrumentKind(const InstrumentKind& kind) {
  json keys = json::object();
  for (const auto& [key, meaning] : kind.keys) keys[key] = meaning;
  json out = {{"kind", "instrument_kind"},
              {"name", kind.kind},
              {"summary", kind.summary},
              {"used_by", absl::StrCat("instrument: {kind: ", kind.kind, ", …} of a recipe or a ",
                                       "workflow, --instrument file.yaml, ronchi.connect")},
              {"wrappers", WrapperKeys()}};
  if (!keys.empty()) out["keys"] = keys;
  if (keys.empty()) out["keys_are_in"] = "docs/twin.md, docs/map_twin.md; presets: ronchi list";
  if (kind.may_be_real) out["without_guard_or_retry_and_no_simulation"] = "docs/safety.md";
  return out;
}

json DescribeProperties(const hw::Description& description) {
  json out;
  for (const hw::PropertyInfo& p : description.properties) {
    out[p.name] =
        absl::StrCat(std::string(DimensionName(p.dimension)),
                     p.writable ? absl::StrCat(", writable, ", Format({p.min, p.dimension}), " … ",
                                               Format({p.max, p.dimension}))
                                : std::string(", read only"),
                     "; ", p.meaning);
  }
  return out;
}

json DescribeDetectors(const hw::Description& description) {
  json out;
  for (const hw::DetectorInfo& x : description.detectors) {
    out[x.name] = absl::StrCat(Format(Radians(x.inner_rad)), " … ", Format(Radians(x.outer_rad)));
  }
  return out;
}

absl::StatusOr<json> DescribeInstrument(const std::string& name) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, InstrumentConfig(name));
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(config));
  RONCHI_ASSIGN_OR_RETURN(const auto twin, OpenInstrument(config, 0));
  json prior = json::object();
  if (kind->prior) {
    RONCHI_ASSIGN_OR_RETURN(prior, kind->prior(WithoutChain(config)));
  }
  const hw::Description& d = twin->description();
  return json{{"kind", "instrument"},
              {"name", d.id},
              {"summary", d.model},
              {"simulated_kind", kind->kind},
              {"properties", DescribeProperties(d)},
              {"detectors", DescribeDetectors(d)},
              {"cannot", d.cannot},
              {"hidden_prior", prior}};
}

}  // namespace ronchi
