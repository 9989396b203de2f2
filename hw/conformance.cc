#include "hw/conformance.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "hw/capability.h"
#include "hw/scan_path.h"

namespace ronchi::hw {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Skip {
  std::string why;
};

// A check returns what is wrong, "" for nothing, or throws Skip; nothing escapes Run.
class Suite {
 public:
  Suite(Instrument* instrument, const ConformanceOptions& options)
      : instrument_(*instrument), d_(instrument->description()), options_(options) {}

  std::vector<ConformanceCheck> RunAll() {
    Try("it describes itself without contradiction", [&] { return Describes(); });
    Try("every property reads finite, in its dimension, with its time", [&] { return Reads(); });
    Try("an unknown property is refused", [&] { return UnknownProperty(); });
    Try("blank, safe and abort are confirmed", [&] { return Blanks(); });
    Try("nothing is exposed while blanked", [&] { return NothingWhileBlanked(); });
    Try("a set is read back within its tolerance", [&] { return SetsInPlace(); });
    Try("a small step is made, and back", [&] { return SmallStep(); });
    Try("a relative set adds", [&] { return RelativeStep(); });
    Try("values out of limits, NaN and infinities are refused and change nothing",
        [&] { return OutOfLimits(); });
    Try("a wrong dimension is refused", [&] { return WrongDimension(); });
    Try("what is read only is refused", [&] { return ReadOnly(); });
    Try("what it cannot do is Unimplemented", [&] { return CannotIsHonest(); });
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
    Try("measurements give numbers with their covariance", [&] { return Measures(); });
    Try("the clock never runs back", [&] { return clock_fault_; });
    Try("every error has a cause and a remedy", [&] { return error_fault_; });
    (void)Do(Safe{});
    return std::move(checks_);
  }

 private:
  void Try(const std::string& name, const std::function<std::string()>& check) {
    ConformanceCheck result{name, Outcome::kPass, ""};
    try {
      result.reason = check();
      if (!result.reason.empty()) result.outcome = Outcome::kFail;
    } catch (const Skip& skip) {
      result = {name, Outcome::kSkip, skip.why};
    }
    checks_.push_back(result);
    (void)Do(Blank{});
  }

  // Everything goes through here, so that clock and errors are looked at every time.
  absl::StatusOr<Reply> Do(const Command& command, const ExecuteOptions& options = {}) {
    absl::StatusOr<Reply> reply = instrument_.Execute(command, options);
    if (reply.ok()) {
      if (!(reply->time_s >= clock_s_)) {
        clock_fault_ = absl::StrCat("after ", VerbName(command), " it read ", reply->time_s,
                                    " s, before ", clock_s_, " s");
      }
      if (std::isfinite(reply->time_s)) clock_s_ = reply->time_s;
    } else if (const Error e = ErrorOf(reply.status()); e.cause.empty() || e.remedy.empty()) {
      error_fault_ = absl::StrCat(VerbName(command), ": ", reply.status().ToString());
    }
    return reply;
  }

  void Need(std::string_view capability) const {
    if (!Can(d_, capability)) throw Skip{absl::StrCat("it cannot ", std::string(capability))};
  }
  void NeedBeam() {
    if (!options_.may_expose) throw Skip{"no exposure was allowed"};
    Need("unblank");
  }
  std::string Unblanked() {
    NeedBeam();
    const auto reply = Do(Unblank{});
    if (!reply.ok()) return reply.status().ToString();
    return reply->blanked ? "unblank says that it is blanked" : "";
  }
  static std::string Expect(const absl::StatusOr<Reply>& reply, std::string_view what,
                            std::initializer_list<absl::StatusCode> codes) {
    if (reply.ok()) return absl::StrCat(std::string(what), " was accepted");
    if (std::find(codes.begin(), codes.end(), reply.status().code()) != codes.end()) return "";
    return absl::StrCat(std::string(what), " gave ", reply.status().ToString());
  }
  using Code = absl::StatusCode;

  std::string Describes() const {
    if (d_.id.empty()) return "it has no id";
    std::set<std::string> names;
    for (const PropertyInfo& p : d_.properties) {
      if (!names.insert("property " + p.name).second) return "two properties " + p.name;
      if (p.name.empty() || !(p.min <= p.max)) return "property '" + p.name + "': min above max";
      if (!(p.resolution >= 0) || !(p.settling_s >= 0) || !(p.max_rate >= 0)) {
        return p.name + ": resolution, settling time or rate below 0";
      }
      if (p.writable && !(p.max_step >= 0)) return p.name + ": no largest step";
      if (!p.unit.empty()) {
        const auto unit = ParseQuantity("1 " + p.unit);
        if (!unit.ok() || unit->dimension != p.dimension) return p.name + ": unit " + p.unit;
      }
    }
    for (const DetectorInfo& x : d_.detectors) {
      if (!names.insert("detector " + x.name).second) return "two detectors " + x.name;
      if (!(x.min_dwell_s <= x.max_dwell_s) || x.pixels_x < 1 || x.pixels_y < 1) {
        return "detector " + x.name + ": dwell or pixels";
      }
    }
    for (const std::string& c : d_.cannot) {
      const auto& known = CapabilityNames();
      if (std::find(known.begin(), known.end(), c) == known.end()) {
        return "it cannot '" + c + "', which is no capability";
      }
    }
    return d_.min_dwell_s <= d_.max_dwell_s ? "" : "min_dwell_s above max_dwell_s";
  }

  std::string Reads() {
    Need("read");
    Read all;
    for (const PropertyInfo& p : d_.properties) all.properties.push_back(p.name);
    const auto reply = Do(all);
    if (!reply.ok()) return reply.status().ToString();
    if (reply->readings.size() != all.properties.size()) return "not one reading a property";
    for (size_t i = 0; i < all.properties.size(); ++i) {
      const Reading& r = reply->readings[i];
      const PropertyInfo& p = d_.properties[i];
      const std::string text = absl::StrCat(p.name, " = ", Format(r.value));
      if (r.property != p.name) return absl::StrCat(p.name, " is answered by ", r.property);
      if (r.value.dimension != p.dimension) return text + ": its dimension";
      if (!std::isfinite(r.value.si) || !(r.uncertainty >= 0)) return text + " is not finite";
      // Where it stands may have been left by an operator; a rounding beyond a limit is none.
      if (p.writable &&
          !(r.value.si >= p.min - p.resolution && r.value.si <= p.max + p.resolution)) {
        return text + " is beyond its own limits";
      }
      if (!(std::fabs(r.time_s - reply->time_s) <= reply->elapsed_s + options_.time_tolerance_s)) {
        return absl::StrCat(text, " was read at ", r.time_s, " s, the reply is of ", reply->time_s);
      }
    }
    return "";
  }

  std::string UnknownProperty() {
    Need("read");
    if (auto e = Expect(Do(Read{{"no.such.property"}}), "a read", {Code::kNotFound}); !e.empty()) {
      return e;
    }
    if (!Can(d_, "set")) return "";
    return Expect(Do(Set{"no.such.property", Number(0)}), "a set", {Code::kNotFound});
  }

  std::string Blanks() {
    for (const Command& c : {Command(Blank{}), Command(Safe{})}) {
      Need(VerbName(c));
      const auto reply = Do(c);
      if (!reply.ok()) return reply.status().ToString();
      if (!reply->blanked) return VerbName(c) + " does not say that it is blanked";
    }
    if (!Can(d_, "abort")) return "";
    return Do(Abort{}).status().ok() ? "" : "abort fails with nothing to abort";
  }

  std::string NothingWhileBlanked() {
    Need("blank");
    if (!Do(Blank{}).ok()) return "it does not blank";
    const bool scans = Can(d_, "scan") && HasScanned(), parks = Can(d_, "park");
    if (!scans && !parks) throw Skip{"it cannot expose"};
    std::string e;
    if (scans) e = Expect(Do(Raster()), "scan", {Code::kFailedPrecondition});
    if (parks && e.empty()) e = Expect(Do(Park{0, 0, 0}), "park", {Code::kFailedPrecondition});
    return e;
  }

  absl::StatusOr<double> At(const PropertyInfo& p) {
    RONCHI_ASSIGN_OR_RETURN(const Reply reply, Do(Read{{p.name}}));
    if (reply.readings.size() != 1) return absl::InternalError("not one reading");
    return reply.readings[0].value.si;
  }

  // For every writable property; `check` returns what is wrong.
  std::string EachWritable(const std::function<std::string(const PropertyInfo&, double at)>& check,
                           bool moved_only = false) {
    Need("set");
    int seen = 0;
    for (const PropertyInfo& p : d_.properties) {
      const auto& movable = options_.may_move;
      if (!p.writable) continue;
      if (moved_only && (!p.choices.empty() ||
                         std::find(movable.begin(), movable.end(), p.group) == movable.end())) {
        continue;
      }
      const auto at = At(p);
      if (!at.ok()) return at.status().ToString();
      ++seen;
      if (const std::string e = check(p, *at); !e.empty()) return p.name + ": " + e;
    }
    if (seen == 0) throw Skip{moved_only ? "nothing that may be moved" : "nothing can be set"};
    return "";
  }

  // Sets, and says what is wrong with the read-back.
  std::string SetTo(const PropertyInfo& p, const Set& set, double target) {
    const auto reply = Do(set);
    if (!reply.ok()) return reply.status().ToString();
    if (reply->readings.size() != 1) return "a set does not read back";
    const double tolerance = p.resolution + 1e-12 * std::fabs(target);
    const double back = reply->readings[0].value.si;
    if (std::fabs(back - target) <= tolerance || p.resolution == 0) return "";
    return absl::StrCat("set to ", target, ", stands at ", back);
  }

  std::string SetsInPlace() {
    return EachWritable(
        [&](const PropertyInfo& p, double at) {
          return SetTo(p, Set{p.name, {at, p.dimension}}, at);
        },
        true);
  }

  static double Step(const PropertyInfo& p, double at) {
    const double step =
        std::min(p.max_step, p.resolution > 0 ? 10 * p.resolution : 1e-3 * (p.max - p.min));
    return at + step <= p.max ? step : -step;
  }
  std::string SmallStep() {
    return EachWritable(
        [&](const PropertyInfo& p, double at) {
          const double to = at + Step(p, at);
          const std::string e = SetTo(p, Set{p.name, {to, p.dimension}}, to);
          const std::string back = SetTo(p, Set{p.name, {at, p.dimension}}, at);
          return e.empty() ? back : e;
        },
        true);
  }
  std::string RelativeStep() {
    Need("set.relative");
    return EachWritable(
        [&](const PropertyInfo& p, double at) {
          const double step = Step(p, at);
          const std::string e = SetTo(p, Set{p.name, {step, p.dimension}, true}, at + step);
          const std::string back = SetTo(p, Set{p.name, {-step, p.dimension}, true}, at);
          return e.empty() ? back : e;
        },
        true);
  }
  std::string OutOfLimits() {
    return EachWritable(
        [&](const PropertyInfo& p, double at) -> std::string {
          std::vector<double> bad = {kNan, kInf, -kInf};
          if (std::isfinite(p.max)) bad.push_back(p.max + std::max(1.0, std::fabs(p.max)));
          if (std::isfinite(p.min)) bad.push_back(p.min - std::max(1.0, std::fabs(p.min)));
          for (double v : bad) {
            const std::string e = Expect(Do(Set{p.name, {v, p.dimension}}), absl::StrCat(v),
                                         {Code::kOutOfRange, Code::kInvalidArgument});
            if (!e.empty()) return e;
          }
          const auto now = At(p);
          return now.ok() && std::fabs(*now - at) <= p.resolution ? "" : "a refused set moved it";
        },
        true);
  }
  std::string WrongDimension() {
    return EachWritable([&](const PropertyInfo& p, double at) {
      const auto other = p.dimension == Dimension::kTime ? Dimension::kAngle : Dimension::kTime;
      return Expect(Do(Set{p.name, {at, other}}), "another dimension", {Code::kInvalidArgument});
    });
  }
  std::string ReadOnly() {
    Need("set");
    for (const PropertyInfo& p : d_.properties) {
      if (p.writable) continue;
      return Expect(Do(Set{p.name, {0, p.dimension}}), p.name, {Code::kPermissionDenied});
    }
    throw Skip{"everything can be set"};
  }

  std::string CannotIsHonest() {
    if (d_.cannot.empty()) throw Skip{"it can do everything"};
    const std::string camera = d_.detectors.empty() ? "camera" : d_.detectors[0].name;
    Scan scan = HasScanned() ? Raster() : Scan{};
    for (const Command& c : std::vector<Command>{Expose{camera, 1}, Measure{"defocus"}, scan,
                                                 Park{}, Unblank{}, Abort{}}) {
      if (Can(d_, VerbName(c))) continue;
      const std::string e = Expect(Do(c), VerbName(c), {Code::kUnimplemented});
      if (!e.empty()) return e;
    }
    return "";
  }

  bool HasScanned() const {
    return std::any_of(d_.detectors.begin(), d_.detectors.end(),
                       [](const DetectorInfo& x) { return x.kind == DetectorKind::kScanned; });
  }
  // With every scanned detector. Skips what it cannot.
  Scan Raster() const {
    Need("scan");
    Scan s;
    for (const DetectorInfo& x : d_.detectors) {
      if (x.kind == DetectorKind::kScanned) s.detectors.push_back(x.name);
    }
    if (s.detectors.empty()) throw Skip{"no scanned detector"};
    s.fov_x_m = s.fov_y_m = std::min(options_.fov_m, d_.max_fov_m);
    s.pixels_x = std::min(options_.pixels, d_.max_pixels);
    s.pixels_y = std::max<size_t>(1, s.pixels_x / 2);
    s.dwell_s = std::clamp(options_.dwell_s, d_.min_dwell_s, d_.max_dwell_s);
    s.frames = 2;
    return s;
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
    s.pixels_x = std::min<size_t>(40, d_.max_pixels);
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
    const double dose = r->electrons / ScanArea_m2(s);
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
    s.dwell_s = std::min(1000 * s.dwell_s, d_.max_dwell_s);
    if (auto e = Unblanked(); !e.empty()) return e;
    ExecuteOptions options;
    options.timeout_s = d_.frame_overhead_s + 1.5 * s.dwell_s * double(s.pixels_x);
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
    for (const auto& change : spoil) {
      Scan s = good;
      change(&s);
      const std::string e = Expect(Do(s), "a scan with a senseless number",
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
    for (const DetectorInfo& x : d_.detectors) {
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

  std::string Measures() {
    Need("measure");
    if (d_.measurements.empty()) throw Skip{"nothing to measure"};
    if (auto e = Unblanked(); !e.empty()) return e;
    for (const MeasurementInfo& m : d_.measurements) {
      const auto r = Do(Measure{m.what});
      if (!r.ok()) return r.status().ToString();
      if (r->estimates.empty()) return m.what + ": no estimate";
      for (const Estimate& e : r->estimates) {
        const size_t n = e.names.size();
        const bool shape =
            e.values.size() == n && n > 0 && (e.covariance.empty() || e.covariance.size() == n * n);
        if (!shape) return m.what + ": names, values and covariance do not fit";
        for (size_t i = 0; i < n; ++i) {
          if (!std::isfinite(e.values[i].si)) return m.what + ": not finite";
          if (!e.covariance.empty() && !(e.covariance[i * n + i] >= 0)) {
            return m.what + ": a variance below 0";
          }
        }
      }
    }
    return "";
  }

  Instrument& instrument_;
  const Description& d_;
  const ConformanceOptions options_;
  std::vector<ConformanceCheck> checks_;
  double clock_s_ = -kInf;
  std::string clock_fault_, error_fault_;
};

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  return outcome == Outcome::kPass ? "pass" : outcome == Outcome::kFail ? "fail" : "skip";
}

std::vector<ConformanceCheck> CheckConformance(Instrument* instrument,
                                               const ConformanceOptions& options) {
  return Suite(instrument, options).RunAll();
}

std::string ConformanceReport(const std::vector<ConformanceCheck>& checks) {
  std::string text;
  size_t count[3] = {};
  for (Outcome outcome : {Outcome::kFail, Outcome::kSkip, Outcome::kPass}) {
    for (const ConformanceCheck& c : checks) {
      if (c.outcome != outcome) continue;
      ++count[size_t(outcome)];
      absl::StrAppend(&text, std::string(OutcomeName(outcome)), "  ", c.name,
                      c.reason.empty() ? "" : ": ", c.reason, "\n");
    }
  }
  absl::StrAppend(&text, count[0], " passed, ", count[1], " failed, ", count[2], " skipped\n");
  return text;
}

}  // namespace ronchi::hw
