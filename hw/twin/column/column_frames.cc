// What the column twin's detectors, camera and measurements give.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/parallel.h"
#include "hw/instrument/error.h"
#include "hw/instrument/scan_path.h"
#include "hw/twin/column/column.h"
#include "hw/twin/column/detectors.h"
#include "hw/twin/column/measurements.h"
#include "hw/twin/column/scan_errors.h"

namespace ronchi::hw {

ColumnTwin::LineNoise ColumnTwin::NextLineNoise(const FrameRequest& r, uint64_t frame) {
  LineNoise out;
  const double place_A = hidden()["scan_wander_A"], current = hidden()["current_flicker"];
  if (place_A == 0 && current == 0) return out;
  RandomStream random = hidden().Stream("twin.wander", frame + 1);
  const auto advance = [&](double seconds) {
    for (PinkNoise& noise : wander_.noise) noise.Advance(seconds, &random);
  };
  advance(time_s() -
          wander_.time_s);  // below zero after a scan that ended early: it goes on from there
  const size_t lines = ScanShape(*r.scan)[0];
  for (size_t l = 0; l < lines; ++l) {
    const auto& [x, y, beam] = wander_.noise;
    if (place_A > 0) out.place_A.push_back({place_A * x.value(), place_A * y.value()});
    if (current > 0) out.current.push_back(current * beam.value());
    advance(r.line_s);
  }
  wander_.time_s = std::max(time_s(), wander_.time_s) + double(lines) * r.line_s;
  return out;
}

sim::LinearRaster ColumnTwin::Rows(const FrameRequest& r, uint64_t frame,
                                   std::vector<std::array<double, 2>> wander_A) const {
  return MakeRows({.scan = r.scan,
                   .line_s = r.line_s,
                   .rotation_rad = scan_rotation_rad_,
                   .frame = frame,
                   .time_s = time_s(),
                   .specimen_A = [this](double ahead_s) { return UnderOrigin_A(ahead_s); },
                   .wander_A = std::move(wander_A)},
                  hidden());
}

// A frame of scanned detectors is computed as a whole when it begins, the camera's line by line.
class ColumnTwin::Frame final : public TwinFrame {
 public:
  Frame(const ColumnTwin* twin, const FrameRequest& request) : twin_(twin), scan(request.scan) {}
  void TakeLine(size_t line) override { twin_->AcquirePatterns(line, this); }

 private:
  const ColumnTwin* twin_;

 public:
  const Scan* scan;
  sim::LinearRaster rows;
  std::vector<double> electrons;  // a pixel of the camera, by line
  uint64_t number = 0;            // of the episode
  CameraPatterns::Prepared patterns;
};

std::unique_ptr<TwinFrame> ColumnTwin::BeginFrame(const FrameRequest& r) {
  auto out = std::make_unique<Frame>(this, r);
  out->number = frames_++;
  LineNoise noise = NextLineNoise(r, out->number);
  out->rows = Rows(r, out->number, std::move(noise.place_A));
  const auto [lines, samples] = ScanShape(*r.scan);
  const ImageMoment moment_now = Imaging(Optics());
  RandomStream random = hidden().Stream("twin.counts", out->number);
  const double current = Current_A() * (1 + hidden()["current_noise"] * random.Normal());
  const CountingMoment moment{
      .electrons = std::max(0.0, current) * r.scan->dwell_s / kElementaryCharge_C,
      .samples = samples,
      .line_noise = hidden()["line_noise"],
      .frame = out->number,
      .dwell_s = r.scan->dwell_s,
      .gap_s = r.line_s - r.scan->dwell_s * double(samples),
      .flicker = std::move(noise.current)};
  std::vector<double> fractions(out->rows.starts_A.size() * out->rows.pixels);
  for (const std::string& name : r.scan->detectors) {
    const size_t d = DetectorIndex(name), pixels = options_.camera.pixels;
    if (d == options_.detectors.size()) {  // the camera: its patterns come line by line
      out->patterns = patterns_->Prepare(Moment());
      LineElectrons electrons(hidden(), moment);
      for (size_t l = 0; l < lines; ++l) out->electrons.push_back(electrons.Next());
      out->counts.emplace_back(std::vector<size_t>{lines, samples, pixels, pixels});
      continue;
    }
    const auto harmonics = images_.MakeHarmonics(d, moment_now);
    harmonics.ComputeImage(out->rows, fractions);
    if (specimen_.changes()) {
      specimen_.Change(out->rows, harmonics.Mean(), r.dose_e_per_m2, fractions);
    }
    Array<float>& counts = out->counts.emplace_back(std::vector<size_t>{lines, samples});
    RandomStream own =
        d == 0 ? random : hidden().Stream("twin.counts." + options_.detectors[d].name, out->number);
    Count(options_, hidden(), d, moment, fractions, &own, {counts.data(), counts.size()});
  }
  return out;
}

void ColumnTwin::AcquirePatterns(size_t line, Frame* f) const {
  const size_t samples = ScanShape(*f->scan)[1];
  const size_t pixels = options_.camera.pixels * options_.camera.pixels;
  const std::string stream = absl::StrCat("twin.camera/", f->number);
  for (size_t d = 0; d < f->scan->detectors.size(); ++d) {
    if (DetectorIndex(f->scan->detectors[d]) != options_.detectors.size()) continue;
    ParallelFor(samples, 1, [&](size_t begin, size_t end) {
      std::vector<double> fractions(pixels);
      for (size_t i = begin; i < end; ++i) {
        const size_t sample = line * samples + i, row = sample / f->rows.pixels;
        const double along_A = f->rows.step_A * double(sample % f->rows.pixels);
        const auto& [x_A, y_A] = f->rows.starts_A[row];
        patterns_->Compute(f->patterns, x_A + along_A, y_A, fractions);
        RandomStream random = hidden().Stream(stream, sample);
        CountPattern(options_, hidden(), f->electrons[line], fractions, 1, &random,
                     {f->counts[d].data() + sample * pixels, pixels});
      }
    });
  }
}

size_t ColumnTwin::DetectorIndex(const std::string& name) const {
  const auto& scanned = options_.detectors;
  size_t d = 0;
  while (d < scanned.size() && scanned[d].name != name) ++d;
  return d;
}

namespace {

// Patterns are large, and a reply holds them all.
absl::Status CheckPatterns(double counts) {
  constexpr double kMost = 1 << 29;  // 2 GiB
  if (counts <= kMost) return absl::OkStatus();
  return MakeError({ErrorKind::kOutOfLimits,
                    absl::StrCat("patterns of ", counts, " pixels together; the twin keeps up to ",
                                 kMost, " for one command"),
                    "ask for fewer points or frames, or bin"});
}

}  // namespace

absl::Status ColumnTwin::CheckScan(const Scan& scan) const {
  const auto [lines, samples] = ScanShape(scan);
  const double pixels = double(options_.camera.pixels);
  for (const std::string& name : scan.detectors) {
    if (DetectorIndex(name) != options_.detectors.size()) continue;
    RONCHI_RETURN_IF_ERROR(
        CheckPatterns(double(scan.frames) * double(lines) * double(samples) * pixels * pixels));
  }
  return absl::OkStatus();
}

absl::Status ColumnTwin::CheckExpose(const Expose& e) const {
  const size_t side = options_.camera.pixels / e.binning;
  return CheckPatterns(double(e.frames) * double(side * side));
}

void ColumnTwin::TakeMeasurement(const MeasureRequest& request, Reply* reply) {
  if (!request.complete) return Advance(request.time_s);
  reply->estimates.push_back(MeasureNow(request));
}

Estimate ColumnTwin::MeasureNow(const MeasureRequest& request) {
  const MeasurementInfo& info = *request.info;
  const MeasureOptions& m = options_.measurements;
  RandomStream random = hidden().Stream("twin.measure", measurements_++);
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
  Estimate out =
      info.what == "current"
          ? EstimateCurrent(m, Current_A(), &random)
          : EstimateAberrations(options_, info.what, Optics(),
                                request.electrons / double(ImagesOf(info.what)), &random);
  Advance(info.time_s / 2);
  Spoil(&out);
  return out;
}

void ColumnTwin::Spoil(Estimate* estimate) const {
  SpoilEstimate({.bias_m = hidden()["measure_bias_nm"] * 1e-9,
                 .drift_bias_m_per_s = hidden()["measure_drift_bias_pm_per_s"] * 1e-12,
                 .current_bias = hidden()["measure_current_bias"],
                 .covariance_ratio = hidden()["measure_covariance_ratio"]},
                options_.semiangle_rad, hidden().Stream("twin.measure.bias"), estimate);
}

std::vector<double> ColumnTwin::NoiseFreePattern(double x_m, double y_m, double ahead_s) const {
  const auto m = ScanMatrix(hidden(), scan_rotation_rad_);
  const auto under = UnderOrigin_A(ahead_s);
  std::vector<double> fractions(options_.camera.pixels * options_.camera.pixels);
  patterns_->Compute(patterns_->Prepare(Moment()),
                     (m[0] * x_m + m[1] * y_m) * kAngstromPerMetre + under[0],
                     (m[2] * x_m + m[3] * y_m) * kAngstromPerMetre + under[1], fractions);
  return fractions;
}

Array<float> ColumnTwin::AcquireExposure(const Expose& e) {
  RandomStream random = hidden().Stream("twin.exposure", exposures_++);
  const double current = Current_A() * (1 + hidden()["current_noise"] * random.Normal());
  const size_t side = options_.camera.pixels / e.binning;
  Array<float> counts({side, side});
  // The specimen moves on meanwhile: it is taken where it is in the middle of the exposure.
  CountPattern(options_, hidden(), std::max(0.0, current) * e.time_s / kElementaryCharge_C,
               NoiseFreePattern(e.x_m, e.y_m, e.time_s / 2), e.binning, &random,
               {counts.data(), counts.size()});
  return counts;
}

}  // namespace ronchi::hw
