#include "experiments/catalog/describe.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "core/nearest.h"
#include "core/parallel.h"
#include "env/versions.h"
#include "experiments/catalog/agents.h"
#include "experiments/catalog/describe_environment.h"
#include "experiments/catalog/describe_structure.h"
#include "experiments/catalog/environments.h"
#include "experiments/catalog/forward_models.h"
#include "experiments/catalog/instruments.h"
#include "experiments/loop/alarm_actions.h"
#include "experiments/loop/recipe.h"
#include "experiments/simulate/engine_error.h"
#include "hw/twin/column/column_twin.h"
#include "ronchi_paths.h"
#include "sim/engine.h"
#include "sim/physics/scattering_factors.h"
#include "sim/specimen/read_structure.h"
#include "theory/monitor/kinds.h"

namespace ronchi {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

// What has a name and a line, and says where it is chosen; from the tables.
struct Named {
  std::string summary, used_by;
  json options = json::object();
};
using Groups = std::map<std::string, std::map<std::string, Named>>;

std::string UsedBy(const sim::EngineKind& kind) {
  const std::string key = absl::StrCat("engine: {name: ", kind.name, "} in a simulate config");
  const std::string reference = sim::ReferenceEngine()->name();
  if (kind.name == reference) return key + " (the default)";
  const std::string error = "; `ronchi simulate --compare` measures its error against " + reference;
  if (!kind.make_crystal) return key + error;
  return absl::StrCat(key, error, "; engine: ", kind.name,
                      " of a simulated instrument (`ronchi describe twin` measures it there)");
}

// The keys of a config that belong to an engine.
json OptionsOf(const sim::EngineKind& kind) {
  json options = json::object();
  for (const sim::EngineKey& key : kind.keys) {
    const json number = json::parse(key.standard, nullptr, false);
    options[key.key] = {{"default", number.is_number() ? number : json(key.standard)},
                        {"meaning", key.meaning}};
  }
  return options;
}

const Groups& Known() {
  static const Groups kKnown = [] {
    Groups groups;
    for (const sim::EngineKind& kind : sim::EngineKinds()) {
      groups["engines"][kind.name] = {kind.summary, UsedBy(kind), OptionsOf(kind)};
    }
    for (const InstrumentKind& kind : InstrumentKinds()) {
      groups["kinds of instruments"][kind.kind] = {
          kind.summary, "kind: " + kind.kind + " of any instrument; its keys: --schema"};
    }
    for (const AlarmAction& action : AlarmActions()) {
      groups["alarm actions"][action.name] = {
          action.summary, "monitor: {on_alarm: [" + action.name + "]} of a recipe"};
    }
    for (const ForwardModelKind& kind : ForwardModelKinds()) {
      groups["forward models"][kind.name] = {
          kind.summary, kind.prepare ? "theory: {model: " + kind.name +
                                           "} of a recipe; its keys: "
                                           "`ronchi describe recipe --schema`"
                                     : std::string("programs in C++ (docs/forward_models.md)")};
    }
    for (const theory::MonitorKind& kind : theory::MonitorKinds()) {
      groups["monitors"][kind.name] = {kind.summary,
                                       "monitor: {test: " + kind.name + "} of a recipe",
                                       {{"assumes", kind.assumes}}};
    }
    return groups;
  }();
  return kKnown;
}

// "engines" → "engine", "kinds of instruments" → "kind of instrument".
std::string KindOfGroup(std::string group) {
  if (group.starts_with("kinds of ")) group = "kind of " + group.substr(9);
  return group.substr(0, group.size() - 1);
}

std::vector<std::string> Stems(const std::string& folder, const std::string& extension) {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(DataDirectory() + "/" + folder, ec)) {
    if (entry.path().extension() == extension) names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string RecipeTitle(const std::string& name) {
  const auto path = FindRecipe(name);
  if (!path.ok()) return "";
  const auto config = Config::Load(*path);
  if (!config.ok()) return "";
  std::string title;
  ConfigReader(*config).Text("title", &title);
  return title;
}

absl::StatusOr<hw::TwinOptions> Preset(const std::string& name) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Parse("preset: " + name, "preset"));
  return hw::ReadTwinOptions(config);
}

absl::StatusOr<json> DescribeColumn(const std::string& name) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, InstrumentConfig(name));
  RONCHI_ASSIGN_OR_RETURN(const InstrumentKind* const kind, KindOf(config));
  if (kind->kind != "column") return DescribeInstrument(name);
  RONCHI_ASSIGN_OR_RETURN(const hw::TwinOptions options, Preset(name));
  RONCHI_ASSIGN_OR_RETURN(const auto twin, hw::MakeTwin(options, 0));
  const hw::Description& d = twin->description();
  json prior, errors = json::array();
  for (const auto& [key, range] : options.prior.ranges()) prior[key] = {range.low, range.high};
  RONCHI_ASSIGN_OR_RETURN(const auto measured, MeasureEngineErrors(options));
  for (const EngineError& e : measured) {
    errors.push_back({{"engine", e.engine},
                      {"optics", e.optics},
                      {"rms_error", e.rms_over_mean},
                      {"rms_error_after_common_factor", e.rms_over_mean_scaled},
                      {"common_factor", e.common_factor},
                      {"mean_fraction", e.mean},
                      {"mean_fraction_multislice", e.mean_multislice},
                      {"mean_fraction_multislice_standard_error", e.mean_error},
                      {"contrast", e.contrast},
                      {"contrast_multislice", e.contrast_multislice},
                      {"contrast_multislice_standard_error", e.contrast_error},
                      {"mean_fraction_standard_error", e.mean_chance},
                      {"contrast_standard_error", e.contrast_chance},
                      {"mean_fraction_off_percent", 100 * (e.mean / e.mean_multislice - 1)},
                      {"contrast_off_percent", 100 * (e.contrast / e.contrast_multislice - 1)}});
  }
  return json{
      {"kind", "instrument"},
      {"name", d.id},
      {"summary", d.model},
      {"specimen", options.specimen_file},
      {"unit_cells_along_the_beam", options.layers},
      {"properties", DescribeProperties(d)},
      {"detectors", DescribeDetectors(d)},
      {"cannot", d.cannot},
      {"hidden_prior", prior},
      {"image_engine", options.engine},
      {"image_engine_error_meaning",
       "against multislice on a grid that reaches 2.5 times as far as the detector, in slices "
       "half as thick, with other displacements of the atoms: mean fraction of the electrons "
       "and contrast (var/mean^2) of a point source over one unit cell; rms: root mean square "
       "of the difference of the images in parts of the mean, noise of multislice included; "
       "standard_error: of multislice for its few visits and configurations, else of the engine "
       "for "
       "its own; off_percent: engine over multislice less 1, chance of both included; atoms at "
       "rest: five unit cells at most, without chance; "
       "after_common_factor: with the image scaled to fit"},
      {"image_engine_error_against_multislice", errors}};
}

std::vector<std::string> StructureNames() {
  std::vector<std::string> names;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(DataDirectory() + "/structures", ec)) {
    if (entry.is_regular_file(ec)) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// "Sr Ti O3, 3.905 x 3.905 x 3.905 A, 5 atoms": of one cell.
std::string SummariseStructure(const sim::Crystal& crystal) {
  std::map<int, double> amounts;
  for (const sim::Atom& a : crystal.atoms) amounts[-a.z] += a.occupancy;  // the heaviest first
  const auto table = sim::ScatteringFactors::Load("kirkland");
  std::vector<std::string> words;
  for (const auto& [z, amount] : amounts) {
    const std::string symbol = table.ok() ? std::string((*table)->Symbol(-z)) : absl::StrCat(-z);
    words.push_back(absl::StrCat(symbol, amount == 1 ? "" : absl::StrFormat("%.4g", amount)));
  }
  const sim::Vector3 l = crystal.Lengths_A(), angles = crystal.Angles_deg();
  std::string out = absl::StrFormat("%s, %.4g x %.4g x %.4g A, %u atoms", absl::StrJoin(words, " "),
                                    l[0], l[1], l[2], crystal.atoms.size());
  if (!crystal.IsBox()) {
    absl::StrAppendFormat(&out, ", angles %.4g, %.4g, %.4g", angles[0], angles[1], angles[2]);
  }
  return out;
}

std::string BlasLibrary() {
  // The library that answers to libblas.so.3 is the one libtorch computes with.
  void* handle = dlopen("libblas.so.3", RTLD_LAZY);
  if (!handle) return "";
  Dl_info info = {};
  void* symbol = dlsym(handle, "sgemm_");
  std::string name = symbol && dladdr(symbol, &info) && info.dli_fname ? info.dli_fname : "";
  std::error_code ec;
  const fs::path real = fs::canonical(name, ec);
  dlclose(handle);
  return ec ? name : real.string();
}

absl::StatusOr<json> DescribeStructureFile(const std::string& path) {
  RONCHI_ASSIGN_OR_RETURN(const sim::Crystal crystal, sim::ReadCrystal(path));
  json out = StructureJson(*crystal.summary);
  const std::string name = fs::path(path).filename().string();
  out["name"] = name;
  out["summary"] = SummariseStructure(crystal);
  out["title"] = crystal.title;
  out["used_by"] = "specimen: {file: " + name + "} in a simulate config";
  return out;
}

}  // namespace

json ListEverything() {
  json out;
  for (const auto& [group, entries] : Known()) {
    for (const auto& [name, entry] : entries) out[group][name] = entry.summary;
  }
  for (const agents::AgentKind& kind : agents::AgentKinds()) {
    out["agents"][kind.kind] = kind.summary;
  }
  for (const EnvironmentKind& kind : EnvironmentKinds()) {
    const auto summary = SummariseEnvironment(kind.id);
    out["environments"][kind.id] =
        summary.ok() ? *summary : std::string(summary.status().message());
  }
  for (const std::string& name : Stems("twins", ".yaml")) {
    absl::StatusOr<std::string> summary;
    if (const auto config = InstrumentConfig(name); config.ok()) {
      summary = SummariseInstrument(*config);
    }
    out["instruments"][name] = summary.ok() ? *summary : std::string(summary.status().message());
  }
  for (const InstrumentKind& k : InstrumentKinds()) out["instrument_kinds"][k.kind] = k.summary;
  for (const std::string& name : RecipeNames()) out["recipes"][name] = RecipeTitle(name);
  for (const std::string& name : StructureNames()) {
    const auto crystal = sim::ReadCrystal(DataDirectory() + "/structures/" + name);
    out["structures"][name] =
        crystal.ok() ? SummariseStructure(*crystal) : std::string(crystal.status().message());
  }
  return out;
}

absl::StatusOr<json> ListGroup(const std::string& group) {
  const json all = ListEverything();
  std::string name = group;
  std::ranges::replace(name, '_', ' ');
  std::vector<std::string> names;
  for (const auto& [one, entries] : all.items()) {
    if (one == name) return json{{one, entries}};
    names.push_back(one);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("list: '", group, "' is not allowed; ", AllowedNames(name, names)));
}

absl::StatusOr<json> DescribeThing(const std::string& name) {
  std::vector<std::string> environments;
  for (const EnvironmentKind& kind : EnvironmentKinds()) {
    if (kind.id == name) return DescribeEnvironment(name);
    environments.push_back(kind.id);
  }
  if (const std::string now = env::LaterVersion(name, environments); !now.empty()) {
    return absl::NotFoundError("environment " + env::OlderVersionLine(name, now));
  }
  if (agents::FindAgentKind(name)) return DescribeAgent(name);
  for (const InstrumentKind& kind : InstrumentKinds()) {
    if (kind.kind == name) return DescribeInstrumentKind(kind);
  }
  for (const auto& [group, entries] : Known()) {
    if (const auto it = entries.find(name); it != entries.end()) {
      json out = {{"kind", KindOfGroup(group)},
                  {"name", name},
                  {"summary", it->second.summary},
                  {"used_by", it->second.used_by}};
      if (!it->second.options.empty()) out["options"] = it->second.options;
      return out;
    }
  }
  const auto twins = Stems("twins", ".yaml");
  const std::string twin = name == "twin" && !twins.empty() ? twins[0] : name;
  if (std::find(twins.begin(), twins.end(), twin) != twins.end()) return DescribeColumn(twin);
  const auto recipes = RecipeNames();
  if (std::find(recipes.begin(), recipes.end(), name) != recipes.end()) {
    RONCHI_ASSIGN_OR_RETURN(const std::string path, FindRecipe(name));
    RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kConfigFile));
    return json{{"kind", "recipe"}, {"name", name}, {"summary", RecipeTitle(name)}, {"text", text}};
  }
  if (const auto structures = StructureNames();
      std::find(structures.begin(), structures.end(), name) != structures.end()) {
    return DescribeStructureFile(DataDirectory() + "/structures/" + name);
  }
  if (std::error_code ec; fs::is_regular_file(name, ec)) {
    return fs::path(name).extension() == ".yaml" ? DescribeInstrument(name)
                                                 : DescribeStructureFile(name);
  }
  std::vector<std::string> all;
  const json everything = ListEverything();
  for (const auto& [group, entries] : everything.items()) {
    for (const auto& [entry, text] : entries.items()) all.push_back(entry);
  }
  return absl::NotFoundError(
      absl::StrCat("nothing is called '", name, "'; ", AllowedNames(name, all)));
}

std::vector<DoctorFinding> Examine() {
  std::vector<DoctorFinding> findings;
  const std::string blas = BlasLibrary();
  const bool fast =
      blas.find("openblas") != std::string::npos || blas.find("mkl") != std::string::npos;
  findings.push_back({"BLAS",
                      blas.empty() ? "libblas.so.3 not found"
                      : fast       ? blas
                             : blas + ": the reference BLAS; networks train ten times slower. "
                                      "Install libopenblas0-pthread",
                      fast});
  const unsigned cores = std::thread::hardware_concurrency();
  findings.push_back({"cores", absl::StrCat(cores, ", using ", Threads()), true});
  findings.push_back(
      {"build", absl::StrCat(kBuildType, " ", kMarch), std::string(kBuildType) == "Release"});
  std::error_code ec;
  const bool data = fs::exists(DataDirectory() + "/scattering/kirkland.csv", ec);
  findings.push_back(
      {"data folder", DataDirectory() + (data ? "" : ": no scattering factors there"), data});
  const std::string cache = CacheDirectory();
  findings.push_back({"cache folder",
                      cache.empty() ? "cannot be made: FFT plans are made anew each time" : cache,
                      !cache.empty()});
  const fs::space_info space = fs::space(".", ec);
  const double free_GB = ec ? 0 : double(space.available) / 1e9;
  findings.push_back({"disk", absl::StrFormat("%.1f GB free here", free_GB), free_GB > 1});
  return findings;
}

}  // namespace ronchi
