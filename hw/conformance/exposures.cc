// What every instrument promises of scans, exposures, measurements, and of its clock and errors.
#include "hw/conformance/suite.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/scan_path.h"

namespace ronchi::hw::conformance {
namespace {

class ExposureChecks final : public Suite {
 public:
  explicit ExposureChecks(Suite suite) : Suite(std::move(suite)) {}

  void RunAll() {
    Try("a scan has its shape, its dose and its time", [&] { return Scans(Raster()); });
    Try("lines are streamed in order and are the frame's", [&] { return Streams(); });
    Try("a point list is scanned", [&] { return Scans(Points()); });
    Try("a spiral is scanned", [&] { return Scans(Spiral()); });
    Try("a rotated raster is scanned", [&] { return Scans(Rotated()); });
    Try("a cancelled scan ends with what there is", [&] { return Cancels(); });
    Try("a scan ends when its time is over", [&] { return TimesOut(); });
    Try("impossible scans are refused", [&] { return BadScans(); });
    Try("the probe parks", [&] { return Parks(); });
    Try("cameras expose", [&] { return Exposures(); });
    Try("cameras scan", [&] { return CameraScans(); });
    Try("measurements give numbers with their covariance", [&] { return Measures(); });
    Try("the clock never runs back", [&] { return clock_fault_; });
    Try("every error has a cause and a remedy", [&] { return error_fault_; });
    Try("the beam is blanked at the end", [&] { return BlanksAtTheEnd(); });
  }

 private:
  std::string BlanksAtTheEnd() {
    const auto safe = Do(Safe{});
    Need("safe");
    if (!safe.ok()) return absl::StrCat("the beam may be ON: ", safe.status().ToString());
    return safe->blanked ? "" : "the beam is ON";
  }
  Scan Points() const {
    Need("scan.points");
    Scan s = Raster();
    s.pattern = ScanPattern::kPoints;
    for (int i = 0; i < 5; ++i) s.points_m.push_back({i * s.fov_x_m / 10, i * i * s.fov_y_m / 50});
    return s;
  }
  Scan Spiral() const {
    Need("scan.spiral");
    Scan s = Raster();
    s.pattern = ScanPattern::kSpiral;
    s.pixels_x = std::min<size_t>(40, d_->max_pixels);
    s.pixels_y = 1;
    return s;
  }
  Scan Rotated() const {
    Need("scan.rotation");
    Scan s = Raster();
    s.rotation_rad = 0.3;
    return s;
  }

  std::string Scans(const Scan& s) {
    if (auto e = Unblanked(); !e.empty()) return e;
    const auto r = Do(s);
    if (!r.ok()) return r.status().ToString();
    if (r->frames.size() != s.frames * s.detectors.size()) return "not frames × detectors frames";
    const auto [lines, samples] = ScanShape(s);
    for (size_t i = 0; i < r->frames.size(); ++i) {
      const Frame& f = r->frames[i];
      if (f.detector != s.detectors[i % s.detectors.size()]) return "detectors are out of order";
      if (f.counts.shape() != std::vector<size_t>{lines, samples}) return "another shape";
      for (size_t k = 0; k < f.counts.size(); ++k) {
        if (!std::isfinite(f.counts[k])) return "a pixel is not finite";
      }
    }
    if (r->ended != Ended::kComplete) return "it did not complete";
    const double dwell = s.dwell_s * double(lines * samples * s.frames);
    if (!(r->elapsed_s >= dwell - options_.time_tolerance_s)) {
      return absl::StrCat("it took ", r->elapsed_s, " s, its dwells alone are ", dwell);
    }
    if (!(r->electrons > 0)) return "no electrons were counted";
    const double dose = r->electrons / ScanArea_m2(s, ProbeSize_m(*d_));
    if (!(std::fabs(r->dose_e_per_m2 - dose) <= 1e-6 * dose)) {
      return absl::StrCat("dose ", r->dose_e_per_m2, " e/m^2, electrons by area are ", dose);
    }
    return r->blanked ? "it says that it was blanked" : "";
  }

  std::string Streams() {
    Need("scan.lines");
    const Scan s = Raster();
    if (auto e = Unblanked(); !e.empty()) return e;
    std::vector<std::vector<float>> lines;
    std::vector<std::array<size_t, 3>> order;
    ExecuteOptions options;
    options.on_line = [&](const ScanLine& l) {
      lines.emplace_back(l.counts.begin(), l.counts.end());
      order.push_back({l.frame, l.line, l.detector});
    };
    const auto r = Do(s, options);
    if (!r.ok()) return r.status().ToString();
    const size_t detectors = s.detectors.size();
    if (lines.size() != s.frames * s.pixels_y * detectors) return "not every line came";
    if (!std::is_sorted(order.begin(), order.end())) return "lines are out of order";
    for (size_t i = 0; i < lines.size(); ++i) {
      const auto [f, l, x] = order[i];
      const Array<float>& counts = r->frames.at(f * detectors + x).counts;
      if (lines[i].size() != s.pixels_x) return "a line of another length";
      for (size_t k = 0; k < s.pixels_x; ++k) {
        if (lines[i][k] != counts[l * s.pixels_x + k]) return "a line is not the frame's";
      }
    }
    return "";
  }

  std::string Cancels() {
    Need("cancel");
    Need("scan.lines");
    Scan s = Raster();
    if (auto e = Unblanked(); !e.empty()) return e;
    CancelToken token;
    ExecuteOptions options;
    options.cancel = &token;
    options.on_line = [&](const ScanLine&) { token.Cancel(); };
    const auto r = Do(s, options);
    if (!r.ok()) return r.status().ToString();
    if (r->ended != Ended::kCancelled) return "it was not ended";
    CancelToken before;
    before.Cancel();
    options.cancel = &before;
    return Expect(Do(s, options), "a cancelled scan", {Code::kCancelled});
  }

  std::string TimesOut() {
    Need("cancel");
    Scan s = Raster();
    s.dwell_s = std::min(1000 * s.dwell_s, d_->max_dwell_s);
    if (auto e = Unblanked(); !e.empty()) return e;
    ExecuteOptions options;
    options.timeout_s = d_->frame_overhead_s + 1.5 * s.dwell_s * double(s.pixels_x);
    const auto r = Do(s, options);
    if (!r.ok()) return r.status().ToString();
    if (r->ended != Ended::kTimeout) return "it was not ended";
    return r->elapsed_s <= options.timeout_s + options_.time_tolerance_s
               ? ""
               : absl::StrCat("it took ", r->elapsed_s, " of ", options.timeout_s, " s");
  }

  std::string BadScans() {
    const Scan good = Raster();
    if (auto e = Unblanked(); !e.empty()) return e;
    const std::function<void(Scan*)> spoil[] = {
        [](Scan* s) { s->pixels_x = 0; },      [](Scan* s) { s->frames = 0; },
        [](Scan* s) { s->fov_x_m = -1e-9; },   [](Scan* s) { s->fov_y_m = kNan; },
        [](Scan* s) { s->dwell_s = kNan; },    [](Scan* s) { s->dwell_s = -1e-6; },
        [](Scan* s) { s->center_x_m = kInf; }, [](Scan* s) { s->pixels_y = SIZE_MAX; },
        [](Scan* s) { s->detectors = {}; }};
    const bool squares = !Can(*d_, "scan.rectangle") || !Can(*d_, "scan.offset");
    for (const auto& change : spoil) {
      Scan s = good;
      change(&s);
      const absl::StatusOr<Reply> reply = Do(s);
      // Who scans squares around 0 alone may refuse it as none.
      if (squares && absl::IsUnimplemented(reply.status())) continue;
      const std::string e = Expect(reply, "a scan with a senseless number",
                                   {Code::kOutOfRange, Code::kInvalidArgument});
      if (!e.empty()) return e;
    }
    Scan s = good;
    s.detectors = {"no such detector"};
    return Expect(Do(s), "an unknown detector", {Code::kNotFound});
  }

  std::string Parks() {
    Need("park");
    if (auto e = Unblanked(); !e.empty()) return e;
    const auto r = Do(Park{0, 0, options_.dwell_s});
    if (!r.ok()) return r.status().ToString();
    if (!(r->elapsed_s >= options_.dwell_s - options_.time_tolerance_s)) return "it was too short";
    return Expect(Do(Park{kNan, 0, 1}), "a park nowhere",
                  {Code::kOutOfRange, Code::kInvalidArgument});
  }

  std::string Exposures() {
    Need("expose");
    if (auto e = Unblanked(); !e.empty()) return e;
    int seen = 0;
    for (const DetectorInfo& x : d_->detectors) {
      if (x.kind == DetectorKind::kScanned) continue;
      ++seen;
      const double time_s = std::clamp(options_.dwell_s, x.min_dwell_s, x.max_dwell_s);
      const auto r = Do(Expose{x.name, time_s});
      if (!r.ok()) return r.status().ToString();
      if (r->frames.size() != 1 || r->frames[0].counts.size() != x.pixels_x * x.pixels_y) {
        return x.name + ": another shape";
      }
    }
    if (seen == 0) throw Skip{"no camera"};
    return "";
  }

  std::string CameraScans() {
    Need("scan.camera");
    Scan s = Raster();
    const size_t scanned = s.detectors.size();
    std::vector<const DetectorInfo*> cameras;
    for (const DetectorInfo& x : d_->detectors) {
      if (x.kind == DetectorKind::kScanned) continue;
      cameras.push_back(&x);
      s.detectors.push_back(x.name);
      s.dwell_s = std::max(s.dwell_s, x.min_dwell_s);
    }
    if (cameras.empty()) throw Skip{"no camera"};
    s.frames = 1;
    s.pixels_x = 3;
    s.pixels_y = 2;
    if (auto e = Unblanked(); !e.empty()) return e;
    const auto r = Do(s);
    if (!r.ok()) return r.status().ToString();
    if (r->frames.size() != s.detectors.size()) return "not a frame for each detector";
    for (size_t i = 0; i < cameras.size(); ++i) {
      const DetectorInfo& x = *cameras[i];
      std::vector<size_t> shape = {2, 3, x.pixels_y, x.pixels_x};
      if (x.kind == DetectorKind::kSpectrum) shape.erase(shape.begin() + 2);
      if (r->frames[scanned + i].counts.shape() != shape) return x.name + ": another shape";
    }
    return "";
  }

  // A fit that does not converge is no fault of a driver that says so: it is tried a few times.
  absl::StatusOr<Reply> Measured(const std::string& what) {
    constexpr int kTries = 5;
    for (int left = kTries;; --left) {
      auto r = Do(Measure{what});
      if (r.ok() || left == 1) return r;
      const ErrorKind kind = ErrorOf(r.status()).kind;
      if (kind != ErrorKind::kHardware && kind != ErrorKind::kTimeout) return r;
    }
  }
  static std::string Contradiction(const Estimate& e) {
    const size_t n = e.names.size();
    if (e.values.size() != n || n == 0 || (!e.covariance.empty() && e.covariance.size() != n * n)) {
      return "names, values and covariance do not fit";
    }
    for (size_t i = 0; i < n; ++i) {
      if (!std::isfinite(e.values[i].si)) return "not finite";
      if (!e.covariance.empty() && !(e.covariance[i * n + i] >= 0)) return "a variance below 0";
    }
    return "";
  }
  std::string Measures() {
    Need("measure");
    if (d_->measurements.empty()) throw Skip{"nothing to measure"};
    if (auto e = Unblanked(); !e.empty()) return e;
    for (const MeasurementInfo& m : d_->measurements) {
      const auto r = Measured(m.what);
      if (!r.ok()) return r.status().ToString();
      if (r->estimates.empty()) return m.what + ": no estimate";
      for (const Estimate& e : r->estimates) {
        if (auto why = Contradiction(e); !why.empty()) return absl::StrCat(m.what, ": ", why);
      }
    }
    return "";
  }
};

}  // namespace

void CheckExposures(Suite* suite) {
  ExposureChecks checks(std::move(*suite));
  checks.RunAll();
  *suite = std::move(checks);
}

}  // namespace ronchi::hw::conformance
