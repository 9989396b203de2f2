#include "hw/twin/column/column.h"

#include <nlopt.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/instrument/scan_path.h"
#include "hw/twin/base/beam.h"
#include "hw/twin/column/describe_column.h"
#include "hw/twin/column/detectors.h"
#include "hw/twin/column/scan_errors.h"
#include "hw/twin/column/temporal_coherence.h"
#include "sim/engine.h"
#include "sim/physics/electron.h"

namespace ronchi::hw {
namespace {

// The engine's place among those with images of crystals, by which saved states name it.
size_t EngineNumber(const std::string& engine) {
  const auto names = sim::CrystalEngineNames();
  return size_t(std::ranges::find(names, engine) - names.begin());
}

}  // namespace

ColumnTwin::ColumnTwin(const TwinOptions& o, DetectorImages images,
                       std::shared_ptr<CameraPatterns> patterns, uint64_t seed)
    : TwinBase({.description = DescribeTwin(o),
                .prior = WithDetectors(o),
                .events = o.events,
                .measure_counts = true,
                .energy_eV = o.energy_eV,
                .semiangle_rad = o.semiangle_rad,
                .nominal_current_A = o.nominal_current_A,
                .real_time = o.real_time}),
      options_(o),
      images_(std::move(images)),
      patterns_(std::move(patterns)),
      optics_(options_, &hidden()),
      stage_(options_, &hidden()),
      specimen_(options_, &hidden(), &ledger()) {
  Randomise(seed, 0, 0);
}

void ColumnTwin::BeginEpisode() {
  optics_.Reset();
  stage_.Reset();
  specimen_.Reset();
  scan_rotation_rad_ = 0;
  frames_ = exposures_ = measurements_ = 0;
  wander_ = {};
  RandomStream random = hidden().Stream("twin.wander");
  for (PinkNoise& noise : wander_.noise) noise.Start(&random);
}

void ColumnTwin::ArchivePhysics(StateArchive* a) {
  a->All(&optics_, &stage_, &specimen_, &scan_rotation_rad_, &frames_, &exposures_, &measurements_,
         &wander_);
}

std::string ColumnTwin::MadeFrom() const {
  const TwinOptions& o = options_;
  std::string made =
      absl::StrCat("column\n", o.specimen_file, " ", o.layers, " ", EngineNumber(o.engine), " ",
                   o.phonon_configurations, " ", o.phonon_seed, " ", o.box_A, " ", o.thermal_rms_A,
                   " ", o.nominal_current_A, " ", o.counts_per_electron, " ", o.dark_counts);
  absl::StrAppend(&made, "\n", o.film.thickness_A, " ", o.film.box_A, " ", o.film.density_g_cm3,
                  " ", o.film.element, " ", o.film.seed, " ", o.film.slices, " ", o.film.spheres,
                  "\n", o.camera.semiangle_rad, " ", o.camera.counts_per_electron, " ",
                  o.camera.dark_counts, " ", o.camera.source_points, " ", o.camera.box_A);
  absl::StrAppend(&made, "\n", o.amorphous.entrance_A, " ", o.amorphous.exit_A, " ",
                  o.amorphous.element, " ", o.amorphous.atoms_per_A3);
  return made;
}

void ColumnTwin::Evolve(double seconds) {
  RandomStream random = hidden().Stream("twin.walk", advances());
  RandomStream further = hidden().Stream("twin.walk.further", advances());
  const double root = std::sqrt(seconds);
  const double c10 = hidden()["C10_walk_nm"] * kAngstromPerNanometre * root * random.Normal();
  const double c12a = hidden()["C12_walk_nm"] * kAngstromPerNanometre * root * random.Normal();
  const double c12b = hidden()["C12_walk_nm"] * kAngstromPerNanometre * root * random.Normal();
  optics_.Advance(seconds, {c10, c12a, c12b}, &further);
  const double x = hidden()["stage_walk_A"] * root * random.Normal();
  const double y = hidden()["stage_walk_A"] * root * random.Normal();
  specimen_.Walk(x, y);
  stage_.Advance(seconds);
}

// Of what can be set: where it was commanded to.
double ColumnTwin::Stands(const std::string& name) const {
  if (const Knob* knob = optics_.Find(name)) return optics_.Commanded_m(*knob);
  const size_t axis = stage_.Find(name);
  return axis < kStageAxes ? stage_.Commanded(axis) : scan_rotation_rad_;
}

double ColumnTwin::Drive(const std::string& name, double target) {
  if (const Knob* knob = optics_.Find(name)) return optics_.Command(*knob, target);
  const size_t axis = stage_.Find(name);
  if (axis < kStageAxes) return stage_.Command(axis, target);
  return scan_rotation_rad_ = target;
}

// A drift that changes goes on from where it has come to.
void ColumnTwin::HiddenJumped(const std::string& name, double by) {
  if (name == "drift_x_A_per_s") specimen_.Walk(-by * time_s(), 0);
  if (name == "drift_y_A_per_s") specimen_.Walk(0, -by * time_s());
}

std::array<double, 2> ColumnTwin::UnderOrigin_A(double ahead_s) const {
  return specimen_.UnderOrigin_A(time_s() + ahead_s, stage_.Displacement_A(ahead_s));
}

Rectangle ColumnTwin::OnSpecimen(const Rectangle& place) const {
  Rectangle r = Enclosure(place, ScanMatrix(hidden(), scan_rotation_rad_));
  const auto under_A = UnderOrigin_A(0);
  r.x_m += under_A[0] * kMetresPerAngstrom;
  r.y_m += under_A[1] * kMetresPerAngstrom;
  return r;
}

sim::Aberrations ColumnTwin::Optics() const { return optics_.True(stage_.Displacement_A(0)[2]); }

double ColumnTwin::Contrast(const sim::Aberrations& a) const {
  if (!images_.any()) return 0;
  return images_.MakeHarmonics(0, Imaging(a)).Contrast();
}

double ColumnTwin::BestContrast() const {
  if (!images_.any()) return 0;
  const TwinOptions& o = options_;
  // Nelder–Mead over C10 and C12, from zero: the contrast has its main peak within a few nm of
  // there, moved by C30, C21 and C23. Of these, what can be commanded is taken to be zero.
  struct Problem {
    const ColumnTwin* column;
    sim::Aberrations optics;
  } problem{this, Optics()};
  for (const Knob& k : optics_.knobs()) {
    (k.sine ? problem.optics.b_A : problem.optics.a_A)[size_t(k.term)] = 0;
  }
  // Where C30 turns the phase at the rim by more than π, from Scherzer's defocus instead.
  const double c30_A = problem.optics.a_A[sim::kC30], wavelength_A = sim::Wavelength_A(o.energy_eV);
  const double rim_rad = M_PI / (2 * wavelength_A) * c30_A * std::pow(o.semiangle_rad, 4);
  const double scherzer_A = std::copysign(std::sqrt(std::fabs(c30_A) * wavelength_A), -c30_A);
  auto negative = [](unsigned, const double* x, double*, void* data) {
    auto* p = static_cast<Problem*>(data);
    sim::Aberrations a = p->optics;
    a.a_A[sim::kC10] = x[0];
    a.a_A[sim::kC12] = x[1];
    a.b_A[sim::kC12] = x[2];
    return -p->column->Contrast(a);
  };
  nlopt_opt opt = nlopt_create(NLOPT_LN_NELDERMEAD, 3);
  nlopt_set_min_objective(opt, negative, &problem);
  nlopt_set_initial_step1(opt, 5.0);
  nlopt_set_xtol_abs1(opt, 0.01);
  nlopt_set_maxeval(opt, 500);
  double x[3] = {std::fabs(rim_rad) > M_PI ? scherzer_A : 0, 0, 0}, best = 0;
  nlopt_optimize(opt, x, &best);
  nlopt_destroy(opt);
  return -best;
}

void ColumnTwin::AddDerived(std::map<std::string, double>* numbers) const {
  std::map<std::string, double>& all = *numbers;
  const sim::Aberrations now = Optics();
  for (int term = 0; term <= kLastCorrectedTerm; ++term) {
    const sim::AberrationTerm& t = sim::kAberrationTerms[size_t(term)];
    const std::string name = absl::StrCat("total_", std::string(t.name));
    if (t.m == 0) {
      all[name + "_nm"] = now.a_A[size_t(term)] / kAngstromPerNanometre;
    } else {
      all[name + "a_nm"] = now.a_A[size_t(term)] / kAngstromPerNanometre;
      all[name + "b_nm"] = now.b_A[size_t(term)] / kAngstromPerNanometre;
    }
  }
  const auto under = UnderOrigin_A(0);
  all["under_origin_x_A"] = under[0];
  all["under_origin_y_A"] = under[1];
  all["focal_spread_nm"] = FocalSpread() / kAngstromPerNanometre;
  if (images_.any())
    all["true_thickness_nm"] = images_.Thickness_A(Thickness()) / kAngstromPerNanometre;
  all["true_current_pA"] = Current_A() * 1e12;
  const auto tilt = stage_.Tilt_rad();
  all["true_tilt_alpha_mrad"] = tilt[0] * 1e3;
  all["true_tilt_beta_mrad"] = tilt[1] * 1e3;
}

SourceProfile ColumnTwin::Source() const {
  return {hidden()["source_fwhm_A"], hidden()["source_tail_share"], hidden()["source_tail_fwhm_A"]};
}

double ColumnTwin::FocalSpread() const {
  return FocalSpread_A(hidden()["C_c_mm"], hidden()["energy_spread_eV"], options_.energy_eV);
}

ImageMoment ColumnTwin::Imaging(const sim::Aberrations& aberrations) const {
  return {aberrations, Source(), FocalSpread(), Thickness(), stage_.Tilt_rad()};
}

PatternMoment ColumnTwin::Moment() const {
  const SourceProfile source = Source();
  return {Optics(),
          stage_.Tilt_rad(),
          source.fwhm_A,
          source.tail_share,
          source.tail_fwhm_A,
          FocalSpread(),
          images_.any() ? images_.Thickness_A(Thickness()) : 0};
}

}  // namespace ronchi::hw
