#include "hw/twin/column/twin_options.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/quantity.h"
#include "hw/twin/column/optics.h"
#include "sim/engine.h"
#include "sim/physics/aberrations.h"
#include "sim/simulate_config.h"
#include "sim/specimen/amorphous.h"
#include "sim/specimen/read_structure.h"

namespace ronchi::hw {
namespace {

absl::Status ReadDetectors(const Config& node, double semiangle_rad, TwinOptions* o) {
  ConfigReader r(node);
  for (const std::string& name : node.IsMap() ? node.Keys() : std::vector<std::string>()) {
    if (name == "haadf") {
      r.Fail(name, "the first detector; its keys are haadf_inner_mrad, haadf_outer_mrad, …");
      break;
    }
    TwinDetector* d = nullptr;
    for (TwinDetector& known : o->detectors) {
      if (known.name == name) d = &known;
    }
    if (!d) d = &o->detectors.emplace_back(TwinDetector{.name = name});
    ConfigReader x(r.Child(name));
    ReadScaled(&x, "inner_mrad", 1e-3, {.min = 0, .max = 1000}, &d->inner_rad);
    ReadScaled(&x, "outer_mrad", 1e-3, {.min = 0.1, .max = 1000}, &d->outer_rad);
    x.Number("counts_per_electron", &d->counts_per_electron, {.min = 1e-3, .max = 1e6});
    x.Number("dark_counts", &d->dark_counts, {.min = 0, .max = 1e6});
    x.Number("saturation_counts", &d->saturation_counts, {.min = 1, .max = 1e12});
    if (x.ok() && d->outer_rad <= d->inner_rad) {
      x.Fail("outer_mrad", "must be larger than inner_mrad");
    }
    const sim::EngineKind& engine = *sim::FindEngineKind(o->engine);
    const sim::DetectorOptions ring{.inner_rad = d->inner_rad, .outer_rad = d->outer_rad};
    if (x.ok() && engine.refuses && !engine.refuses(ring, semiangle_rad).empty()) {
      x.Fail("inner_mrad",
             absl::StrCat("must not be below semiangle_mrad with the ", o->engine, " engine"));
    }
    RONCHI_RETURN_IF_ERROR(x.Done());
  }
  return r.Done();
}

absl::Status ReadCorrectors(const Config& node, std::map<int, double>* limits_m) {
  ConfigReader r(node);
  for (int term = sim::kC21; term <= kLastCorrectedTerm; ++term) {
    double limit_nm = limits_m->count(term) ? limits_m->at(term) * 1e9 : 0;
    const std::string name(sim::kAberrationTerms[size_t(term)].name);
    r.Number(name, &limit_nm, {.min = 0, .max = 1e8});
    (*limits_m)[term] = limit_nm * 1e-9;
  }
  return r.Done();
}

absl::Status ReadStage(const Config& node, StageOptions* s) {
  ConfigReader r(node);
  r.Bool("present", &s->present);
  ReadScaled(&r, "range_um", 1e-6, {.min = 0.001, .max = 1e5}, &s->range_m);
  ReadScaled(&r, "z_range_um", 1e-6, {.min = 0.001, .max = 1e5}, &s->z_range_m);
  ReadScaled(&r, "resolution_nm", 1e-9, {.min = 0, .max = 1e4}, &s->resolution_m);
  ReadScaled(&r, "speed_um_per_s", 1e-6, {.min = 1e-3, .max = 1e5}, &s->speed_m_per_s);
  ReadScaled(&r, "tilt_range_mrad", 1e-3, {.min = 0.001, .max = 1600}, &s->tilt_range_rad);
  ReadScaled(&r, "tilt_resolution_mrad", 1e-3, {.min = 0, .max = 100}, &s->tilt_resolution_rad);
  ReadScaled(&r, "tilt_speed_mrad_per_s", 1e-3, {.min = 1e-3, .max = 1e4},
             &s->tilt_speed_rad_per_s);
  r.Number("settle_s", &s->settle_s, {.min = 0, .max = 1000});
  return r.Done();
}

absl::Status ReadCamera(const Config& node, CameraOptions* c) {
  ConfigReader r(node);
  int pixels = int(c->pixels);
  r.Bool("present", &c->present);
  r.Integer("pixels", &pixels, {.min = 8, .max = 4096});
  c->pixels = size_t(pixels);
  ReadScaled(&r, "pixel_mrad", 1e-3, {.min = 1e-3, .max = 50}, &c->pixel_rad);
  ReadScaled(&r, "semiangle_mrad", 1e-3, {.min = 0, .max = 100}, &c->semiangle_rad);
  r.Number("counts_per_electron", &c->counts_per_electron, {.min = 1e-3, .max = 1e6});
  r.Number("dark_counts", &c->dark_counts, {.min = 0, .max = 1e6});
  r.Number("saturation_counts", &c->saturation_counts, {.min = 1, .max = 1e12});
  r.Number("min_exposure_s", &c->min_exposure_s, {.min = 1e-7, .max = 1});
  r.Number("max_exposure_s", &c->max_exposure_s, {.min = 1e-3, .max = 1e4});
  r.Integer("source_points", &c->source_points, {.min = 1, .max = 4});
  if (r.ok() && c->source_points != 1 && c->source_points != 4) {
    r.Fail("source_points", "allowed: 1 or 4");
  }
  r.Number("box_A", &c->box_A, {.min = 0, .max = 400});
  return r.Done();
}

absl::Status ReadFilm(const Config& node, FilmOptions* f) {
  ConfigReader r(node);
  ReadScaled(&r, "thickness_nm", 10, {.min = 0.3, .max = 100}, &f->thickness_A);
  r.Number("box_A", &f->box_A, {.min = 10, .max = 400});
  r.Number("density_g_cm3", &f->density_g_cm3, {.min = 0.1, .max = 25});
  r.Integer("element", &f->element, {.min = 1, .max = 103});
  r.Seed("seed", &f->seed);
  r.Integer("slices", &f->slices, {.min = 0, .max = 100});
  std::string structure = f->spheres ? "spheres" : "network";
  r.Choice("structure", &structure, {"network", "spheres"});
  f->spheres = structure == "spheres";
  return r.Done();
}

absl::Status ReadMeasurements(const Config& node, MeasureOptions* m) {
  ConfigReader r(node);
  r.Bool("present", &m->present);
  r.Bool("corrector", &m->corrector);
  r.Number("defocus_s", &m->defocus_s, {.min = 0.01, .max = 1000});
  r.Number("tableau_s", &m->tableau_s, {.min = 0, .max = 1000});
  r.Number("tableau_image_s", &m->tableau_image_s, {.min = 0.01, .max = 1000});
  ReadScaled(&r, "tableau_angle_mrad", 1e-3, {.min = 1, .max = 100}, &m->tableau_angle_rad);
  r.Number("drift_s", &m->drift_s, {.min = 0.1, .max = 1000});
  r.Number("drift_image_s", &m->drift_image_s, {.min = 0.01, .max = 1000});
  r.Number("current_s", &m->current_s, {.min = 0.01, .max = 1000});
  r.Number("beam_share", &m->beam_share, {.min = 0.001, .max = 1});
  ReadScaled(&r, "field_nm", 1e-9, {.min = 1, .max = 1000}, &m->field_m);
  r.Number("over_bound", &m->over_bound, {.min = 1, .max = 1000});
  ReadScaled(&r, "floor_nm", 1e-9, {.min = 0, .max = 1000}, &m->floor_m);
  ReadScaled(&r, "position_pm", 1e-12, {.min = 0.01, .max = 1e5}, &m->position_m);
  r.Number("current_error", &m->current_error, {.min = 0, .max = 0.5});
  return r.Done();
}

absl::Status ReadContamination(const Config& node, ContaminationOptions* c) {
  ConfigReader r(node);
  r.Number("mean_free_path_nm", &c->mean_free_path_nm, {.min = 1, .max = 1e6});
  r.Number("signal_per_nm", &c->signal_per_nm, {.min = 0, .max = 0.1});
  return r.Done();
}

absl::Status ReadAmorphous(const Config& node, AmorphousOptions* a) {
  ConfigReader r(node);
  ReadScaled(&r, "entrance_nm", kAngstromPerNanometre, {.min = 0, .max = 20}, &a->entrance_A);
  ReadScaled(&r, "exit_nm", kAngstromPerNanometre, {.min = 0, .max = 20}, &a->exit_A);
  r.Integer("element", &a->element, {.min = 1, .max = 98});
  ReadScaled(&r, "atoms_per_nm3", 1e-3, {.min = 1, .max = 200}, &a->atoms_per_A3);
  return r.Done();
}

void ReadNumbers(ConfigReader* r, TwinOptions* o) {
  TwinDetector& haadf = o->detectors[0];
  r->Text("specimen", &o->specimen_file);
  r->Integer("layers", &o->layers, {.min = 1, .max = 10000});
  r->Choice("engine", &o->engine, sim::CrystalEngineNames());
  r->Integer("phonon_configurations", &o->phonon_configurations, {.min = 1, .max = 1000});
  r->Seed("phonon_seed", &o->phonon_seed);
  r->Number("box_A", &o->box_A, {.min = 1, .max = 200});
  r->Number("thermal_rms_A", &o->thermal_rms_A, {.min = 0, .max = 1});
  ReadScaled(r, "energy_keV", 1e3, {.min = 1, .max = 3000}, &o->energy_eV);
  ReadScaled(r, "semiangle_mrad", 1e-3, {.min = 0.1, .max = 100}, &o->semiangle_rad);
  ReadScaled(r, "haadf_inner_mrad", 1e-3, {.min = 1, .max = 1000}, &haadf.inner_rad);
  ReadScaled(r, "haadf_outer_mrad", 1e-3, {.min = 1, .max = 1000}, &haadf.outer_rad);
  ReadScaled(r, "current_pA", 1e-12, {.min = 0.001, .max = 1e5}, &o->nominal_current_A);
  r->Number("counts_per_electron", &o->counts_per_electron, {.min = 1e-3, .max = 1e6});
  r->Number("dark_counts", &o->dark_counts, {.min = 0, .max = 1e6});
  r->Number("saturation_counts", &haadf.saturation_counts, {.min = 1, .max = 1e12});
  ReadScaled(r, "corrector_limit_nm", 1e-9, {.min = 0.1, .max = 1e5}, &o->corrector_limit_m);
  ReadScaled(r, "corrector_resolution_nm", 1e-9, {.min = 0, .max = 10}, &o->corrector_resolution_m);
  r->Number("settle_s", &o->settle_s, {.min = 0, .max = 100});
  r->Number("flyback_s", &o->flyback_s, {.min = 0, .max = 1});
  r->Number("frame_overhead_s", &o->frame_overhead_s, {.min = 0, .max = 100});
  r->Number("blank_s", &o->blank_s, {.min = 0, .max = 10});
  r->Number("read_s", &o->read_s, {.min = 0, .max = 10});
}

absl::Status ReadInto(const Config& node, bool is_preset, TwinOptions* o,
                      std::map<std::string, theory::Range>* ranges) {
  ConfigReader r(node);
  TwinDetector& haadf = o->detectors[0];
  // What is looked into is written into the resolved text: a film is asked for by its key.
  const bool has_film = r.Has("film");
  if (!is_preset) r.Known("preset");
  // What else simulates is read by others (experiments/catalog/instruments.h).
  std::string kind = "column";
  if (r.Has("kind")) r.Choice("kind", &kind, {"column"});
  RONCHI_RETURN_IF_ERROR(ReadCommonOptions(&r, o));
  ReadNumbers(&r, o);
  const Config detectors = r.Child("detectors"), correctors = r.Child("correctors_nm");
  const Config stage = r.Child("stage"), contamination = r.Child("contamination");
  const Config amorphous = r.Child("amorphous");
  const Config camera = r.Child("camera");
  std::optional<Config> film;
  if (has_film) film = r.Child("film");
  r.Known("film");
  const Config measurements = r.Child("measurements");
  const Config prior = r.Child("prior"), events = r.Child("events");
  RONCHI_RETURN_IF_ERROR(r.Done());
  if (haadf.outer_rad <= haadf.inner_rad) {
    return node.Error("haadf_outer_mrad", "must be larger than haadf_inner_mrad");
  }
  if (haadf.inner_rad < o->semiangle_rad) {
    return node.Error("haadf_inner_mrad", "must not be below semiangle_mrad");
  }
  RONCHI_RETURN_IF_ERROR(ReadDetectors(detectors, o->semiangle_rad, o));
  RONCHI_RETURN_IF_ERROR(ReadCorrectors(correctors, &o->corrector_limits_m));
  RONCHI_RETURN_IF_ERROR(ReadStage(stage, &o->stage));
  RONCHI_RETURN_IF_ERROR(ReadContamination(contamination, &o->contamination));
  RONCHI_RETURN_IF_ERROR(ReadAmorphous(amorphous, &o->amorphous));
  RONCHI_RETURN_IF_ERROR(ReadCamera(camera, &o->camera));
  RONCHI_RETURN_IF_ERROR(ReadMeasurements(measurements, &o->measurements));
  o->film.present |= has_film;
  if (film) RONCHI_RETURN_IF_ERROR(ReadFilm(*film, &o->film));
  for (const char* shift : {"shift_x_A", "shift_y_A"}) {  // anywhere on it
    if (has_film) (*ranges)[shift] = {0, o->film.box_A};
  }
  RONCHI_RETURN_IF_ERROR(ReadPrior(prior, PossibleHidden, ranges));
  return ReadEvents(node, events, PossibleHidden, *ranges, &o->events);
}

// A prior of the thickness wins over `layers`, which become those of the thickest crystal.
absl::StatusOr<sim::Specimen> ReadSpecimen(const Config& node, TwinOptions* options) {
  TwinOptions& o = *options;
  if (o.film.present) {
    // Its atoms are at rest: where they are is disorder enough.
    sim::AmorphousOptions made = {.element = o.film.element,
                                  .density_g_cm3 = o.film.density_g_cm3,
                                  .size_A = {o.film.box_A, o.film.box_A},
                                  .thickness_A = o.film.thickness_A,
                                  .seed = o.film.seed};
    if (!o.film.spheres && sim::CanBeNetwork(made)) {
      made.structure = sim::AmorphousOptions::Structure::kNetwork;
    }
    absl::StatusOr<sim::Specimen> film = sim::MakeAmorphous(made);
    if (!film.ok()) return node.Error("film", std::string(film.status().message()));
    return film;
  }
  if (o.specimen_file.empty()) {
    return node.Error("specimen", "missing; this key or 'film' is required");
  }
  RONCHI_ASSIGN_OR_RETURN(const std::string path,
                          sim::FindStructure(node, "specimen", o.specimen_file));
  RONCHI_ASSIGN_OR_RETURN(const sim::Specimen unit, sim::ReadStructure(path));
  if (o.prior.ranges().at("thickness_nm").high > 0) {
    const double layers = o.Reach("thickness_nm").high * kAngstromPerNanometre / unit.cell_A[2];
    o.layers = std::max(1, int(std::lround(layers)));
  }
  sim::Specimen specimen = unit.Repeated(1, 1, o.layers);
  for (sim::Atom& a : specimen.atoms) {
    if (a.rms_A == 0) a.rms_A = o.thermal_rms_A;
  }
  return specimen;
}

}  // namespace

absl::StatusOr<TwinOptions> ReadTwinOptions(const Config& node) {
  TwinOptions o;
  std::map<std::string, theory::Range> ranges = DefaultTwinPrior();
  RONCHI_RETURN_IF_ERROR(ReadOverPreset(node, [&](const Config& mapping, bool is_preset) {
    return ReadInto(mapping, is_preset, &o, &ranges);
  }));
  o.prior = theory::Prior(ranges);
  RONCHI_ASSIGN_OR_RETURN(o.specimen, ReadSpecimen(node, &o));
  return o;
}

}  // namespace ronchi::hw
