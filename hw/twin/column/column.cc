#include "hw/twin/column/column.h"

#include <nlopt.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/parallel.h"
#include "hw/scan_path.h"
#include "hw/twin/base/beam.h"
#include "hw/twin/column/detectors.h"
#include "hw/twin/column/measurements.h"
#include "hw/twin/column/scan_errors.h"
#include "hw/twin/column/temporal_coherence.h"
#include "sim/physics/electron.h"

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

Column::Column(const TwinOptions& o, DetectorImages images,
               std::shared_ptr<CameraPatterns> patterns)
    : options(Complete(o)),
      optics(options, &hidden),
      stage(options, &hidden),
      specimen(options, &hidden),
      prior_(WithDetectors(options)),
      images_(std::move(images)),
      patterns_(std::move(patterns)) {}

void Column::Randomise(uint64_t seed, uint64_t environment, uint64_t episode) {
  hidden = {prior_.Draw(seed, environment, episode), seed, environment, episode};
  optics.Reset();
  stage.Reset();
  specimen.Reset();
  scan_rotation_rad = 0;
  time_s = 0;
  ticks = frames = exposures = measurements = 0;
  wander_ = {};
  RandomStream random = hidden.Stream("twin.wander");
  for (PinkNoise& noise : wander_.noise) noise.Start(&random);
  scans = 0;
  blanked = true;
}

void Column::Archive(StateArchive* a) {
  a->All(&hidden, &optics, &stage, &specimen, &scan_rotation_rad, &time_s, &blanked, &scans, &ticks,
         &frames, &exposures, &measurements, &wander_);
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

void Column::Book(std::span<const Rectangle> where, double dose_e_per_m2) {
  const auto coils = ScanMatrix(hidden, scan_rotation_rad);
  std::vector<Rectangle> reached;
  for (const Rectangle& r : where) reached.push_back(Enclosure(r, coils));
  specimen.Expose(reached, dose_e_per_m2, UnderOrigin_A(0));
}

sim::Aberrations Column::Optics() const { return optics.True(stage.Displacement_A(0)[2]); }

double Column::Contrast(const sim::Aberrations& a) const {
  if (!images_.any()) return 0;
  return images_.MakeHarmonics(0, Imaging(a)).Contrast();
}

double Column::BestContrast() const {
  if (!images_.any()) return 0;
  const TwinOptions& o = options;
  // Nelder–Mead over C10 and C12, from zero: the contrast has its main peak within a few nm of
  // there, moved by C30, C21 and C23. Of these, what can be commanded is taken to be zero.
  struct Problem {
    const Column* column;
    sim::Aberrations optics;
  } problem{this, Optics()};
  for (const Knob& k : optics.knobs()) {
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
  all["focal_spread_nm"] = FocalSpread() / kNm_A;
  if (images_.any()) all["true_thickness_nm"] = images_.Thickness_A(Thickness()) / kNm_A;
  all["true_current_pA"] = Current_A() * 1e12;
  const auto tilt = stage.Tilt_rad();
  all["true_tilt_alpha_mrad"] = tilt[0] * 1e3;
  all["true_tilt_beta_mrad"] = tilt[1] * 1e3;
  return all;
}

SourceProfile Column::Source() const {
  return {hidden["source_fwhm_A"], hidden["source_tail_share"], hidden["source_tail_fwhm_A"]};
}

double Column::FocalSpread() const {
  return FocalSpread_A(hidden["C_c_mm"], hidden["energy_spread_eV"], options.energy_eV);
}

ImageMoment Column::Imaging(const sim::Aberrations& aberrations) const {
  return {aberrations, Source(), FocalSpread(), Thickness(), stage.Tilt_rad()};
}

Column::LineNoise Column::NextLineNoise(const FrameRequest& r, uint64_t frame, Wander* w) const {
  LineNoise out;
  const double place_A = hidden["scan_wander_A"], current = hidden["current_flicker"];
  if (place_A == 0 && current == 0) return out;
  RandomStream random = hidden.Stream("twin.wander", frame + 1);
  const auto advance = [&](double seconds) {
    for (PinkNoise& noise : w->noise) noise.Advance(seconds, &random);
  };
  advance(time_s - w->time_s);  // below zero after a scan that ended early: it goes on from there
  const size_t lines = ScanShape(*r.scan)[0];
  for (size_t l = 0; l < lines; ++l) {
    const auto& [x, y, beam] = w->noise;
    if (place_A > 0) out.place_A.push_back({place_A * x.value(), place_A * y.value()});
    if (current > 0) out.current.push_back(current * beam.value());
    advance(r.line_s);
  }
  w->time_s = std::max(time_s, w->time_s) + double(lines) * r.line_s;
  return out;
}

sim::LinearRaster Column::Rows(const FrameRequest& r, uint64_t frame,
                               std::vector<std::array<double, 2>> wander_A) const {
  return MakeRows({.scan = r.scan,
                   .line_s = r.line_s,
                   .rotation_rad = scan_rotation_rad,
                   .frame = frame,
                   .time_s = time_s,
                   .specimen_A = [this](double ahead_s) { return UnderOrigin_A(ahead_s); },
                   .wander_A = std::move(wander_A)},
                  hidden);
}

std::vector<double> Column::NoiseFreeFrame(const FrameRequest& r, uint64_t frame) const {
  Wander ahead = wander_;  // nothing goes on
  const auto rows = Rows(r, frame, NextLineNoise(r, frame, &ahead).place_A);
  std::vector<double> fractions(rows.starts_A.size() * rows.pixels);
  const auto harmonics = images_.MakeHarmonics(0, Imaging(Optics()));
  harmonics.ComputeImage(rows, fractions);
  if (specimen.changes()) {
    specimen.Change(rows, harmonics.Mean(), r.dose_e_per_m2, fractions);
  }
  return fractions;
}

Column::AcquiredFrame Column::Acquire(const FrameRequest& r) {
  LineNoise noise = NextLineNoise(r, frames, &wander_);
  AcquiredFrame out{.rows = Rows(r, frames, std::move(noise.place_A)), .frame = frames};
  ++frames;
  const auto [lines, samples] = ScanShape(*r.scan);
  const ImageMoment moment_now = Imaging(Optics());
  RandomStream random = hidden.Stream("twin.counts", out.frame);
  const double current = Current_A() * (1 + hidden["current_noise"] * random.Normal());
  const CountingMoment moment{
      .electrons = std::max(0.0, current) * r.scan->dwell_s / kElementaryCharge_C,
      .samples = samples,
      .line_noise = hidden["line_noise"],
      .frame = out.frame,
      .dwell_s = r.scan->dwell_s,
      .gap_s = r.line_s - r.scan->dwell_s * double(samples),
      .flicker = std::move(noise.current)};
  std::vector<double> fractions(out.rows.starts_A.size() * out.rows.pixels);
  for (size_t d : r.detectors) {
    if (d == options.detectors.size()) {  // its patterns come line by line
      out.patterns = patterns_->Prepare(Moment());
      LineElectrons electrons(hidden, moment);
      for (size_t l = 0; l < lines; ++l) out.electrons.push_back(electrons.Next());
      out.counts.emplace_back(fractions.size() * options.camera.pixels * options.camera.pixels);
      continue;
    }
    const auto harmonics = images_.MakeHarmonics(d, moment_now);
    harmonics.ComputeImage(out.rows, fractions);
    if (specimen.changes()) {
      specimen.Change(out.rows, harmonics.Mean(), r.dose_e_per_m2, fractions);
    }
    out.counts.emplace_back(fractions.size());
    RandomStream own =
        d == 0 ? random : hidden.Stream("twin.counts." + options.detectors[d].name, out.frame);
    Count(options, hidden, d, moment, fractions, &own, out.counts.back());
  }
  return out;
}

void Column::AcquirePatterns(const FrameRequest& r, size_t line, AcquiredFrame* f) const {
  const size_t samples = ScanShape(*r.scan)[1];
  const size_t pixels = options.camera.pixels * options.camera.pixels;
  const std::string stream = absl::StrCat("twin.camera/", f->frame);
  for (size_t d = 0; d < r.detectors.size(); ++d) {
    if (r.detectors[d] != options.detectors.size()) continue;
    ParallelFor(samples, 1, [&](size_t begin, size_t end) {
      std::vector<double> fractions(pixels);
      for (size_t i = begin; i < end; ++i) {
        const size_t sample = line * samples + i, row = sample / f->rows.pixels;
        const double along_A = f->rows.step_A * double(sample % f->rows.pixels);
        const auto& [x_A, y_A] = f->rows.starts_A[row];
        patterns_->Compute(f->patterns, x_A + along_A, y_A, fractions);
        RandomStream random = hidden.Stream(stream, sample);
        CountPattern(options, hidden, f->electrons[line], fractions, 1, &random,
                     {f->counts[d].data() + sample * pixels, pixels});
      }
    });
  }
}

Estimate Column::Measure(const MeasurementInfo& info, double electrons) {
  const MeasureOptions& m = options.measurements;
  RandomStream random = hidden.Stream("twin.measure", measurements++);
  if (info.what == "drift") {
    const auto first = UnderOrigin_A(0);
    Advance(m.drift_s);
    const auto second = UnderOrigin_A(0);
    Advance(info.time_s - m.drift_s);
    Estimate out = EstimateDrift(m, first, second, &random);
    Spoil(&out);
    return out;
  }
  Advance(info.time_s / 2);
  Estimate out = info.what == "current"
                     ? EstimateCurrent(m, Current_A(), &random)
                     : EstimateAberrations(options, info.what, Optics(),
                                           electrons / double(ImagesOf(info.what)), &random);
  Advance(info.time_s / 2);
  Spoil(&out);
  return out;
}

void Column::Spoil(Estimate* estimate) const {
  SpoilEstimate({.bias_m = hidden["measure_bias_nm"] * 1e-9,
                 .drift_bias_m_per_s = hidden["measure_drift_bias_pm_per_s"] * 1e-12,
                 .current_bias = hidden["measure_current_bias"],
                 .covariance_ratio = hidden["measure_covariance_ratio"]},
                options.semiangle_rad, hidden.Stream("twin.measure.bias"), estimate);
}

PatternMoment Column::Moment() const {
  const SourceProfile source = Source();
  return {Optics(),
          stage.Tilt_rad(),
          source.fwhm_A,
          source.tail_share,
          source.tail_fwhm_A,
          FocalSpread(),
          images_.any() ? images_.Thickness_A(Thickness()) : 0};
}

std::vector<double> Column::NoiseFreePattern(double x_m, double y_m, double ahead_s) {
  const auto m = ScanMatrix(hidden, scan_rotation_rad);
  const auto under = UnderOrigin_A(ahead_s);
  std::vector<double> fractions(options.camera.pixels * options.camera.pixels);
  patterns_->Compute(patterns_->Prepare(Moment()),
                     (m[0] * x_m + m[1] * y_m) * kAngstromPerMetre + under[0],
                     (m[2] * x_m + m[3] * y_m) * kAngstromPerMetre + under[1], fractions);
  return fractions;
}

std::vector<float> Column::AcquirePattern(const Expose& e) {
  RandomStream random = hidden.Stream("twin.exposure", exposures++);
  const double current = Current_A() * (1 + hidden["current_noise"] * random.Normal());
  const size_t side = options.camera.pixels / e.binning;
  std::vector<float> counts(side * side);
  // The specimen moves on meanwhile: it is taken where it is in the middle of the exposure.
  CountPattern(options, hidden, std::max(0.0, current) * e.time_s / kElementaryCharge_C,
               NoiseFreePattern(e.x_m, e.y_m, e.time_s / 2), e.binning, &random, counts);
  return counts;
}

}  // namespace ronchi::hw
