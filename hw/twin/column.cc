#include "hw/twin/column.h"

#include <nlopt.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/scan_path.h"
#include "hw/twin/beam.h"
#include "hw/twin/detectors.h"
#include "hw/twin/scan_errors.h"

namespace ronchi::hw {
namespace {

constexpr double kNm_A = kAngstromPerNanometre;

// The keys that stand beside the options' first detector.
TwinOptions Complete(TwinOptions o) {
  o.detectors[0].counts_per_electron = o.counts_per_electron;
  o.detectors[0].dark_counts = o.dark_counts;
  return o;
}

}  // namespace

Column::Column(const TwinOptions& o, DetectorImages images)
    : options(Complete(o)),
      optics(options, &hidden),
      stage(options, &hidden),
      specimen(options, &hidden),
      prior_(WithDetectors(options)),
      images_(std::move(images)) {}

void Column::Randomise(uint64_t seed, uint64_t environment, uint64_t episode) {
  hidden = {prior_.Draw(seed, environment, episode), seed, environment, episode};
  optics.Reset();
  stage.Reset();
  specimen.Reset();
  scan_rotation_rad = 0;
  time_s = 0;
  ticks = frames = 0;
  scans = 0;
  blanked = true;
}

void Column::Archive(StateArchive* a) {
  (*a) (&hidden) (&optics) (&stage) (&specimen) (&scan_rotation_rad) (&time_s) (&blanked) (&scans) (
      &ticks)(&frames);
}

void Column::Advance(double seconds) {
  if (seconds <= 0) return;
  RandomStream random = hidden.Stream("twin.walk", ticks);
  RandomStream further = hidden.Stream("twin.walk.further", ticks);
  ++ticks;
  const double root = std::sqrt(seconds);
  const double c10 = hidden["C10_walk_nm"] * kNm_A * root * random.Normal();
  const double c12a = hidden["C12_walk_nm"] * kNm_A * root * random.Normal();
  const double c12b = hidden["C12_walk_nm"] * kNm_A * root * random.Normal();
  optics.Advance(seconds, {c10, c12a, c12b}, &further);
  const double x = hidden["stage_walk_A"] * root * random.Normal();
  const double y = hidden["stage_walk_A"] * root * random.Normal();
  specimen.Walk(x, y);
  stage.Advance(seconds);
  time_s += seconds;
}

void Column::BeginScan() {
  for (const TwinEvent& event : options.events) {
    if (event.at_scan != scans) continue;
    for (const auto& [name, value] : event.add) hidden.values[name] += value;
  }
}

double Column::Current_A() const {
  return BeamCurrent_A(options.nominal_current_A, hidden, time_s);
}

std::array<double, 2> Column::UnderOrigin_A(double ahead_s) const {
  return specimen.UnderOrigin_A(time_s + ahead_s, stage.Displacement_A(ahead_s));
}

sim::Aberrations Column::Optics() const { return optics.True(stage.Displacement_A(0)[2]); }

double Column::Contrast(const sim::Aberrations& a) const {
  return images_.MakeHarmonics(0, a, hidden["source_fwhm_A"]).Contrast();
}

double Column::BestContrast() const {
  // Nelder–Mead over C10 and C12, from zero: the contrast has its main peak within a few nm of
  // there, moved by C30, C21 and C23. Of these, what can be commanded is taken to be zero.
  struct Problem {
    const Column* column;
    sim::Aberrations optics;
  } problem{this, Optics()};
  for (const Knob& k : optics.knobs()) {
    (k.sine ? problem.optics.b_A : problem.optics.a_A)[size_t(k.term)] = 0;
  }
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
  double x[3] = {0, 0, 0}, best = 0;
  nlopt_optimize(opt, x, &best);
  nlopt_destroy(opt);
  return -best;
}

std::map<std::string, double> Column::AllHidden() const {
  std::map<std::string, double> all = hidden.values;
  const sim::Aberrations now = Optics();
  for (int term = 0; term <= kLastCorrectedTerm; ++term) {
    const sim::AberrationTerm& t = sim::kAberrationTerms[size_t(term)];
    const std::string name = absl::StrCat("total_", std::string(t.name));
    if (t.m == 0) {
      all[name + "_nm"] = now.a_A[size_t(term)] / kNm_A;
    } else {
      all[name + "a_nm"] = now.a_A[size_t(term)] / kNm_A;
      all[name + "b_nm"] = now.b_A[size_t(term)] / kNm_A;
    }
  }
  const auto under = UnderOrigin_A(0);
  all["under_origin_x_A"] = under[0];
  all["under_origin_y_A"] = under[1];
  all["true_current_pA"] = Current_A() * 1e12;
  return all;
}

sim::LinearRaster Column::Rows(const FrameRequest& r, uint64_t frame) const {
  return MakeRows({.scan = r.scan,
                   .line_s = r.line_s,
                   .rotation_rad = scan_rotation_rad,
                   .frame = frame,
                   .specimen_A = [this](double ahead_s) { return UnderOrigin_A(ahead_s); }},
                  hidden);
}

std::vector<double> Column::NoiseFreeFrame(const FrameRequest& r, uint64_t frame) const {
  const auto rows = Rows(r, frame);
  std::vector<double> fractions(rows.starts_A.size() * rows.pixels);
  const auto harmonics = images_.MakeHarmonics(0, Optics(), hidden["source_fwhm_A"]);
  harmonics.ComputeImage(rows, fractions);
  if (specimen.changes()) {
    specimen.Change(rows, harmonics.Mean(), r.dose_e_per_m2, fractions);
  }
  return fractions;
}

std::vector<std::vector<float>> Column::Acquire(const FrameRequest& r) {
  const uint64_t frame = frames++;
  const auto rows = Rows(r, frame);
  const sim::Aberrations aberrations = Optics();
  RandomStream random = hidden.Stream("twin.counts", frame);
  const double current = Current_A() * (1 + hidden["current_noise"] * random.Normal());
  const CountingMoment moment{
      .electrons = std::max(0.0, current) * r.scan->dwell_s / kElementaryCharge_C,
      .samples = ScanShape(*r.scan)[1],
      .line_noise = hidden["line_noise"],
      .frame = frame};
  std::vector<std::vector<float>> out;
  std::vector<double> fractions(rows.starts_A.size() * rows.pixels);
  for (size_t d : r.detectors) {
    const auto harmonics = images_.MakeHarmonics(d, aberrations, hidden["source_fwhm_A"]);
    harmonics.ComputeImage(rows, fractions);
    if (specimen.changes()) specimen.Change(rows, harmonics.Mean(), r.dose_e_per_m2, fractions);
    out.emplace_back(fractions.size());
    RandomStream own =
        d == 0 ? random : hidden.Stream("twin.counts." + options.detectors[d].name, frame);
    Count(options, hidden, d, moment, fractions, &own, out.back());
  }
  return out;
}

}  // namespace ronchi::hw
