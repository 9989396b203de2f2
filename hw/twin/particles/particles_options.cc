#include "hw/twin/particles/particles_options.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
#include "sim/physics/scattering_factors.h"

namespace ronchi::hw {
namespace {

// What a hidden number can be at all: shares and probabilities, widths, ratios, anything.
NumberRange PossibleWithParticles(const std::string& name) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (has("_probability")) return {.min = 0, .max = 1};
  if (has("_share")) return {.min = 0, .max = 1};
  if (has("_fwhm_eV")) return {.min = 1e-3, .max = 10};
  if (has("_ratio")) return {.min = 0.01, .max = 100};
  for (const char* width : {"_walk_", "_fwhm_", "_noise", "readout_", "decay", "film_"}) {
    if (has(width)) return {.min = 0, .max = 1e6};
  }
  return {.min = -1e6, .max = 1e6};
}

void Pair(ConfigReader* r, const std::string& key, NumberRange range, std::array<double, 2>* pair) {
  std::vector<double> values(pair->begin(), pair->end());
  r->Numbers(key, &values, 2, range);
  if (r->ok() && values[0] > values[1]) r->Fail(key, "expected [low, high] with low <= high");
  *pair = {values[0], values[1]};
}

// A mapping that is given replaces the default's as a whole.
absl::Status ReadAtoms(const Config& node, std::map<std::string, double>* atoms) {
  if (!node.IsMap()) return absl::OkStatus();
  RONCHI_ASSIGN_OR_RETURN(const auto table, sim::ScatteringFactors::Load("kirkland"));
  atoms->clear();
  ConfigReader r(node);
  for (const std::string& symbol : node.Keys()) {
    if (table->AtomicNumber(symbol) == 0) r.Fail(symbol, "expected a chemical symbol");
    r.Number(symbol, &(*atoms)[symbol], {.min = 0, .max = 1000});
  }
  return r.Done();
}

absl::Status ReadFixed(const Config& node, std::vector<MapParticle>* fixed) {
  if (!node.IsSequence()) return absl::OkStatus();
  fixed->clear();
  for (size_t i = 0; i < node.size(); ++i) {
    ConfigReader r(node.Item(i));
    MapParticle p;
    std::string shape = "cube";
    double size_nm = 2 * p.half_nm, turn_deg = 0;
    r.Choice("shape", &shape, {"cube", "sphere"});
    r.Number("x_nm", &p.x_nm, {.min = -1e4, .max = 1e4});
    r.Number("y_nm", &p.y_nm, {.min = -1e4, .max = 1e4});
    r.Number("size_nm", &size_nm, {.min = 0.5, .max = 1e4});
    r.Number("turn_deg", &turn_deg, {.min = -360, .max = 360});
    r.Number("doping", &p.doping, {.min = 0, .max = 1});
    RONCHI_RETURN_IF_ERROR(r.Done());
    p.cube = shape == "cube";
    p.half_nm = size_nm / 2;
    p.turn_rad = turn_deg * M_PI / 180;
    fixed->push_back(p);
  }
  return absl::OkStatus();
}

absl::Status ReadParticles(const Config& node, MapTwinOptions* o) {
  ConfigReader r(node);
  ParticleOptions& p = o->particles;
  Pair(&r, "count", {.min = 0, .max = 500}, &p.count);
  if (r.ok() && (p.count[0] != std::floor(p.count[0]) || p.count[1] != std::floor(p.count[1]))) {
    r.Fail("count", "expected whole numbers");
  }
  Pair(&r, "size_nm", {.min = 0.5, .max = 1e4}, &p.size_nm);
  r.Number("cube_share", &p.cube_share, {.min = 0, .max = 1});
  r.Number("touching_share", &p.touching_share, {.min = 0, .max = 1});
  r.Number("gap_nm", &p.gap_nm, {.min = 0, .max = 100});
  const Config atoms = r.Child("atoms_per_nm3"), fixed = r.Child("fixed");
  if (r.Has("fixed") && !fixed.IsSequence()) r.Fail("fixed", "expected a list of particles");
  RONCHI_RETURN_IF_ERROR(r.Done());
  RONCHI_RETURN_IF_ERROR(ReadAtoms(atoms, &o->particle_atoms_per_nm3));
  return ReadFixed(fixed, &p.fixed);
}

absl::Status ReadPlasmons(const Config& node, PlasmonOptions* p) {
  ConfigReader r(node);
  constexpr NumberRange kEnergy = {.min = 0.01, .max = 100};
  Pair(&r, "dipole_eV", kEnergy, &p->energy_eV[kDipole]);
  Pair(&r, "edge_eV", kEnergy, &p->energy_eV[kEdge]);
  Pair(&r, "bulk_eV", kEnergy, &p->energy_eV[kBulk]);
  r.Number("blunt_nm", &p->blunt_nm, {.min = 0.01, .max = 100});
  return r.Done();
}

void ReadCounting(ConfigReader* r, MapDetectorOptions* d) {
  r->Number("counts_per_electron", &d->counts_per_electron, {.min = 1e-3, .max = 1e6});
  r->Number("dark_counts", &d->dark_counts, {.min = 0, .max = 1e6});
  r->Number("saturation_counts", &d->saturation_counts, {.min = 1, .max = 1e12});
}

absl::Status ReadHaadf(const Config& node, MapDetectorOptions* d) {
  ConfigReader r(node);
  ReadScaled(&r, "inner_mrad", 1e-3, {.min = 1, .max = 1000}, &d->inner_rad);
  ReadScaled(&r, "outer_mrad", 1e-3, {.min = 1, .max = 1000}, &d->outer_rad);
  ReadCounting(&r, d);
  if (r.ok() && d->outer_rad <= d->inner_rad) r.Fail("outer_mrad", "must be above inner_mrad");
  return r.Done();
}

absl::Status ReadEels(const Config& node, MapDetectorOptions* d, EnergyAxis* axis) {
  ConfigReader r(node);
  int channels = int(axis->channels);
  ReadScaled(&r, "collection_mrad", 1e-3, {.min = 1, .max = 500}, &d->outer_rad);
  r.Integer("channels", &channels, {.min = 16, .max = 4096});
  r.Number("channel_eV", &axis->channel_eV, {.min = 1e-4, .max = 10});
  r.Number("first_eV", &axis->first_eV, {.min = -100, .max = 100});
  ReadCounting(&r, d);
  if (r.ok() && axis->first_eV + double(channels) * axis->channel_eV <= 0) {
    r.Fail("first_eV", "the axis must reach above 0 eV");
  }
  axis->channels = size_t(channels);
  return r.Done();
}

absl::Status ReadInto(const Config& node, bool is_preset, MapTwinOptions* o,
                      std::map<std::string, theory::Range>* ranges) {
  ConfigReader r(node);
  if (!is_preset) r.Known("preset");
  // "map": what files of earlier versions call it.
  std::string kind = "particles";
  r.Choice("kind", &kind, {"particles", "map"});
  RONCHI_RETURN_IF_ERROR(ReadCommonOptions(&r, o));
  ReadScaled(&r, "energy_keV", 1e3, {.min = 1, .max = 3000}, &o->energy_eV);
  ReadScaled(&r, "semiangle_mrad", 1e-3, {.min = 0.1, .max = 100}, &o->semiangle_rad);
  ReadScaled(&r, "current_pA", 1e-12, {.min = 1e-4, .max = 1e5}, &o->nominal_current_A);
  r.Number("field_nm", &o->field_nm, {.min = 1, .max = 900});
  ReadScaled(&r, "defocus_limit_nm", 1e-9, {.min = 0.1, .max = 1e5}, &o->defocus_limit_m);
  ReadScaled(&r, "defocus_resolution_nm", 1e-9, {.min = 0, .max = 10}, &o->defocus_resolution_m);
  r.Number("settle_s", &o->settle_s, {.min = 0, .max = 100});
  r.Number("flyback_s", &o->flyback_s, {.min = 0, .max = 1});
  r.Number("frame_overhead_s", &o->frame_overhead_s, {.min = 0, .max = 100});
  r.Number("blank_s", &o->blank_s, {.min = 0, .max = 10});
  const Config haadf = r.Child("haadf"), eels = r.Child("eels");
  const Config particles = r.Child("particles"), film = r.Child("film");
  const Config plasmons = r.Child("plasmons"), prior = r.Child("prior");
  const Config events = r.Child("events");
  RONCHI_RETURN_IF_ERROR(r.Done());
  RONCHI_RETURN_IF_ERROR(ReadHaadf(haadf, &o->haadf));
  RONCHI_RETURN_IF_ERROR(ReadEels(eels, &o->eels, &o->axis));
  RONCHI_RETURN_IF_ERROR(ReadParticles(particles, o));
  RONCHI_RETURN_IF_ERROR(ReadPlasmons(plasmons, &o->plasmons));
  ConfigReader f(film);
  const Config atoms = f.Child("atoms_per_nm3");
  RONCHI_RETURN_IF_ERROR(f.Done());
  RONCHI_RETURN_IF_ERROR(ReadAtoms(atoms, &o->film_atoms_per_nm3));
  RONCHI_RETURN_IF_ERROR(ReadPrior(prior, PossibleWithParticles, ranges));
  return ReadEvents(node, events, PossibleWithParticles, *ranges, &o->events);
}

// Every mode keeps an energy.
absl::Status CheckModes(const Config& node, const MapTwinOptions& o) {
  constexpr double kLeast_eV = 0.01;  // as of the ranges themselves
  double lowest_eV = std::numeric_limits<double>::infinity();
  for (const auto& range : o.plasmons.energy_eV) lowest_eV = std::min(lowest_eV, range[0]);
  const double shifted_eV = lowest_eV + o.Reach("mode_shift_eV").low;
  if (shifted_eV >= kLeast_eV) return absl::OkStatus();
  return node.Error("", absl::StrFormat("mode_shift_eV, by prior and events, brings the lowest of "
                                        "the plasmons to %g eV; allowed: from %g eV on",
                                        shifted_eV, kLeast_eV));
}

}  // namespace

const std::map<std::string, theory::Range>& DefaultMapPrior() {
  static const std::map<std::string, theory::Range> kDefaults = {
      // The column's own defocus, and the probe's width when that is corrected.
      {"C10_nm", {-20, 20}},
      {"probe_fwhm_nm", {0.3, 0.8}},
      // Of the specimen.
      {"film_nm", {3, 8}},
      {"shift_x_nm", {-2, 2}},
      {"shift_y_nm", {-2, 2}},
      {"drift_x_nm_per_s", {-0.01, 0.01}},
      {"drift_y_nm_per_s", {-0.01, 0.01}},
      {"stage_walk_nm", {0.001, 0.003}},
      // Of the beam: true over nominal, relative noise from frame to frame, decay.
      {"current_ratio", {0.95, 1.05}},
      {"current_noise", {0.002, 0.01}},
      {"current_decay_per_h", {0, 0}},
      // Of the detectors, in counts.
      {"gain_ratio", {0.97, 1.03}},
      {"dark_error_counts", {-0.05, 0.05}},
      {"readout_counts", {0.2, 0.5}},
      {"gain_ratio.eels", {1, 1}},
      {"dark_error_counts.eels", {0, 0}},
      {"readout_counts.eels", {0, 0}},
      // Of spectra.
      {"zero_loss_fwhm_eV", {0.02, 0.03}},
      {"zero_loss_eV", {-0.01, 0.01}},
      {"tail_share", {0.01, 0.03}},
      {"mode_fwhm_eV", {0.08, 0.14}},
      {"mode_shift_eV", {0, 0}},  // of all modes, as another density of carriers shifts them
      {"dipole_probability", {0.02, 0.04}},
      {"edge_probability", {0.015, 0.03}},
      {"bulk_probability", {0.01, 0.02}}};
  return kDefaults;
}

absl::StatusOr<MapTwinOptions> ReadMapTwinOptions(const Config& node) {
  MapTwinOptions o;
  std::map<std::string, theory::Range> ranges = DefaultMapPrior();
  RONCHI_RETURN_IF_ERROR(ReadOverPreset(node, [&](const Config& mapping, bool is_preset) {
    return ReadInto(mapping, is_preset, &o, &ranges);
  }));
  o.prior = theory::Prior(ranges);
  RONCHI_RETURN_IF_ERROR(CheckModes(node, o));
  return o;
}

}  // namespace ronchi::hw
