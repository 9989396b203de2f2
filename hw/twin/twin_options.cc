#include "hw/twin/twin_options.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "sim/simulate_config.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::hw {
namespace {

// What a hidden parameter can be at all: ratios are above zero, widths and noise not below.
NumberRange Possible(const std::string& name) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  NumberRange range = {.min = -1e6, .max = 1e6};
  if (has("_walk_") || has("_fwhm_") || has("_noise") || has("readout_")) range.min = 0;
  if (has("_ratio")) range = {.min = 0.01, .max = 100};
  return range;
}

absl::Status ReadPrior(const Config& node, std::map<std::string, theory::Range>* ranges) {
  ConfigReader r(node);
  for (auto& [name, range] : *ranges) {
    std::vector<double> pair = {range.low, range.high};
    r.Numbers(name, &pair, 2, Possible(name));
    if (r.ok() && pair[0] > pair[1]) r.Fail(name, "expected [low, high] with low <= high");
    range = {pair[0], pair[1]};
  }
  return r.Done();
}

absl::Status ReadEvents(const Config& node, std::vector<TwinEvent>* events) {
  if (!node.IsSequence()) return absl::OkStatus();
  for (size_t i = 0; i < node.size(); ++i) {
    TwinEvent event;
    ConfigReader r(node.Item(i));
    r.Integer("at_scan", &event.at_scan, {.min = 0}, true);
    const Config add = r.Child("add");
    RONCHI_RETURN_IF_ERROR(r.Done());
    ConfigReader a(add);
    for (const auto& [name, range] : DefaultTwinPrior()) {
      double value = 0;
      if (!add.Has(name)) {
        a.Known(name);
        continue;
      }
      a.Number(name, &value);
      event.add[name] = value;
    }
    RONCHI_RETURN_IF_ERROR(a.Done());
    events->push_back(event);
  }
  return absl::OkStatus();
}

absl::Status ReadInto(const Config& node, bool is_preset, TwinOptions* o,
                      std::map<std::string, theory::Range>* ranges) {
  ConfigReader r(node);
  std::string preset;
  double energy_keV = o->energy_eV / 1e3, semiangle = o->semiangle_rad * 1e3;
  double inner = o->haadf_inner_rad * 1e3, outer = o->haadf_outer_rad * 1e3;
  double current = o->nominal_current_A * 1e12, limit = o->corrector_limit_m * 1e9;
  double resolution = o->corrector_resolution_m * 1e9;
  if (!is_preset) r.Known("preset");
  r.Text("name", &o->name);
  r.Text("specimen", &o->specimen_file);
  r.Integer("layers", &o->layers, {.min = 1, .max = 10000});
  std::string engine = o->engine == TwinOptions::Engine::kLinear ? "linear" : "contracted";
  r.Choice("engine", &engine, {"contracted", "linear"});
  r.Integer("phonon_configurations", &o->phonon_configurations, {.min = 1, .max = 1000});
  r.Seed("phonon_seed", &o->phonon_seed);
  r.Number("thermal_rms_A", &o->thermal_rms_A, {.min = 0, .max = 1});
  r.Number("energy_keV", &energy_keV, {.min = 1, .max = 3000});
  r.Number("semiangle_mrad", &semiangle, {.min = 0.1, .max = 100});
  r.Number("haadf_inner_mrad", &inner, {.min = 1, .max = 1000});
  r.Number("haadf_outer_mrad", &outer, {.min = 1, .max = 1000});
  r.Number("current_pA", &current, {.min = 0.001, .max = 1e5});
  r.Number("counts_per_electron", &o->counts_per_electron, {.min = 1e-3, .max = 1e6});
  r.Number("dark_counts", &o->dark_counts, {.min = 0, .max = 1e6});
  r.Number("corrector_limit_nm", &limit, {.min = 0.1, .max = 1e5});
  r.Number("corrector_resolution_nm", &resolution, {.min = 0, .max = 10});
  r.Number("settle_s", &o->settle_s, {.min = 0, .max = 100});
  r.Number("flyback_s", &o->flyback_s, {.min = 0, .max = 1});
  r.Number("frame_overhead_s", &o->frame_overhead_s, {.min = 0, .max = 100});
  const Config prior = r.Child("prior");
  const Config events = r.Child("events");
  RONCHI_RETURN_IF_ERROR(r.Done());
  if (outer <= inner) return node.Error("haadf_outer_mrad", "must be larger than haadf_inner_mrad");
  if (inner < semiangle) return node.Error("haadf_inner_mrad", "must not be below semiangle_mrad");
  o->engine = engine == "linear" ? TwinOptions::Engine::kLinear : TwinOptions::Engine::kContracted;
  o->energy_eV = energy_keV * 1e3;
  o->semiangle_rad = semiangle * 1e-3;
  o->haadf_inner_rad = inner * 1e-3;
  o->haadf_outer_rad = outer * 1e-3;
  o->nominal_current_A = current * 1e-12;
  o->corrector_limit_m = limit * 1e-9;
  o->corrector_resolution_m = resolution * 1e-9;
  if (r.Has("events") && !events.IsSequence()) {
    return node.Error("events", "expected a list of {at_scan: …, add: {…}}");
  }
  RONCHI_RETURN_IF_ERROR(ReadPrior(prior, ranges));
  return ReadEvents(events, &o->events);
}

}  // namespace

const std::map<std::string, theory::Range>& DefaultTwinPrior() {
  static const std::map<std::string, theory::Range> kDefaults = {
      // Aberrations beyond what the settings say.
      {"C10_nm", {-10, 10}},
      {"C12a_nm", {-8, 8}},
      {"C12b_nm", {-8, 8}},
      {"C21a_nm", {-30, 30}},
      {"C21b_nm", {-30, 30}},
      {"C23a_nm", {-30, 30}},
      {"C23b_nm", {-30, 30}},
      {"C30_um", {-2, 2}},
      // Random walks of defocus and of each astigmatism component, of the specimen, per √s.
      {"C10_walk_nm", {0.02, 0.05}},
      {"C12_walk_nm", {0.01, 0.03}},
      {"stage_walk_A", {0.01, 0.03}},
      {"drift_x_A_per_s", {-0.3, 0.3}},
      {"drift_y_A_per_s", {-0.3, 0.3}},
      {"shift_x_A", {0, 3.905}},
      {"shift_y_A", {0, 3.905}},
      {"source_fwhm_A", {0.7, 0.9}},
      // Relative: true over nominal.
      {"current_ratio", {0.95, 1.05}},
      {"gain_ratio", {0.97, 1.03}},
      {"corrector_gain_ratio", {0.98, 1.02}},
      // Relative noise of the beam current from frame to frame.
      {"current_noise", {0.002, 0.01}},
      // Detector counts.
      {"dark_error_counts", {-0.05, 0.05}},
      {"readout_counts", {0.2, 0.5}}};
  return kDefaults;
}

absl::StatusOr<TwinOptions> ReadTwinOptions(const Config& node) {
  TwinOptions o;
  std::map<std::string, theory::Range> ranges = DefaultTwinPrior();
  if (node.Has("preset")) {
    ConfigReader r(node);
    std::string preset;
    r.Text("preset", &preset);
    const std::string path = absl::StrCat(DataDirectory(), "/twins/", preset, ".yaml");
    absl::StatusOr<Config> file = Config::Load(path);
    if (!file.ok()) return node.Error("preset", file.status().message().data());
    RONCHI_RETURN_IF_ERROR(ReadInto(*file, true, &o, &ranges));
  }
  o.events.clear();
  RONCHI_RETURN_IF_ERROR(ReadInto(node, false, &o, &ranges));
  if (o.specimen_file.empty()) return node.Error("specimen", "missing; this key is required");
  RONCHI_ASSIGN_OR_RETURN(const sim::Specimen unit,
                          sim::ReadStructure(sim::FindStructure(node, o.specimen_file)));
  o.specimen = unit.Repeated(1, 1, o.layers);
  for (sim::Atom& a : o.specimen.atoms) {
    if (a.rms_A == 0) a.rms_A = o.thermal_rms_A;
  }
  o.prior = theory::Prior(ranges);
  return o;
}

}  // namespace ronchi::hw
