#include "hw/instrument/validate.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/error.h"
#include "hw/instrument/scan_path.h"

namespace ronchi::hw {
namespace {

template <class Infos>
std::string Names(const Infos& infos) {
  std::string names;
  for (const auto& info : infos) absl::StrAppend(&names, names.empty() ? "" : ", ", info.name);
  return names.empty() ? "none" : names;
}

absl::Status Bad(std::string cause) {
  return MakeError({ErrorKind::kBadCommand, std::move(cause), ""});
}
absl::Status Beyond(std::string cause) {
  return MakeError({ErrorKind::kOutOfLimits, std::move(cause), ""});
}
absl::Status NoProperty(const Description& d, const std::string& name) {
  return MakeError({ErrorKind::kNoSuchName, absl::StrCat("no property '", name, "'"),
                    absl::StrCat("there are: ", Names(d.properties))});
}
absl::Status NoDetector(const Description& d, const std::string& name) {
  return MakeError({ErrorKind::kNoSuchName, absl::StrCat("no detector '", name, "'"),
                    absl::StrCat("there are: ", Names(d.detectors))});
}

absl::Status Check(const Description& d, const Read& read) {
  for (const std::string& name : read.properties) {
    if (!d.FindProperty(name)) return NoProperty(d, name);
  }
  return absl::OkStatus();
}

absl::Status Check(const Description& d, const Set& set) {
  const PropertyInfo* p = d.FindProperty(set.property);
  if (!p) return NoProperty(d, set.property);
  if (!p->writable) {
    return MakeError({ErrorKind::kReadOnly, absl::StrCat(set.property, " cannot be set"), ""});
  }
  if (set.value.dimension != p->dimension) {
    return Bad(absl::StrCat(set.property, " is a ", std::string(DimensionName(p->dimension)),
                            ", not a ", std::string(DimensionName(set.value.dimension))));
  }
  if (!(set.tolerance >= 0) || !(set.timeout_s >= 0)) {
    return Bad(absl::StrCat(set.property, ": tolerance and timeout must not be below 0"));
  }
  if (!std::isfinite(set.value.si)) {
    return Beyond(absl::StrCat(set.property, ": ", set.value.si, " is not a finite number"));
  }
  return set.relative ? absl::OkStatus() : CheckTarget(*p, set.value.si);
}

absl::Status CheckDwell(const Description& d, const DetectorInfo& detector, double seconds) {
  const double low =
      std::max(detector.min_dwell_s, detector.kind == DetectorKind::kScanned ? d.min_dwell_s : 0.0);
  if (seconds >= low && seconds <= detector.max_dwell_s) return absl::OkStatus();
  return Beyond(absl::StrCat(seconds, " s on detector ", detector.name, ": allowed are ", low,
                             " … ", detector.max_dwell_s, " s"));
}

absl::Status CheckPath(const Description& d, const Scan& s) {
  const auto [lines, samples] = ScanShape(s);
  bool finite =
      std::isfinite(s.center_x_m) && std::isfinite(s.center_y_m) && std::isfinite(s.rotation_rad);
  for (const auto& p : s.points_m) finite &= std::isfinite(p[0]) && std::isfinite(p[1]);
  const size_t most =
      s.pattern == ScanPattern::kRaster ? d.max_pixels : d.max_pixels * d.max_pixels;
  bool field = s.fov_x_m > 0 && s.fov_y_m > 0;
  if (s.pattern == ScanPattern::kSpiral) {
    field &= s.fov_x_m == s.fov_y_m && s.pixels_y == 1 && s.turns >= 0 && std::isfinite(s.turns);
  }
  if (s.pattern == ScanPattern::kPoints) field = true;
  const Rectangle r = ScanFootprint(s);
  // A rotated field may stick out by its corners only.
  const double reach_x = s.pattern == ScanPattern::kPoints ? r.width_m : s.fov_x_m;
  const double reach_y = s.pattern == ScanPattern::kPoints ? r.height_m : s.fov_y_m;
  field &= reach_x <= d.max_fov_m && reach_y <= d.max_fov_m;
  const bool pixels = samples >= 1 && lines >= 1 && samples <= most && lines <= most &&
                      s.frames >= 1 && s.frames <= kMostFrames;
  const bool dwell = s.dwell_s >= d.min_dwell_s && s.dwell_s <= d.max_dwell_s;
  if (finite && field && pixels && dwell && !s.detectors.empty()) return absl::OkStatus();
  return Beyond(absl::StrCat(PatternName(s.pattern), " scan of ", samples, " × ", lines,
                             " pixels over ", s.fov_x_m, " × ", s.fov_y_m, " m, dwell ", s.dwell_s,
                             " s: allowed are 1 … ", most, " pixels, a finite field up to ",
                             d.max_fov_m, " m (of a spiral, round), a dwell of ", d.min_dwell_s,
                             " … ", d.max_dwell_s, " s, 1 … ", kMostFrames,
                             " frames, one detector or more"));
}

absl::Status Check(const Description& d, const Scan& s) {
  for (const std::string& name : s.detectors) {
    const DetectorInfo* detector = d.FindDetector(name);
    if (!detector) return NoDetector(d, name);
    RONCHI_RETURN_IF_ERROR(CheckDwell(d, *detector, s.dwell_s));
  }
  return CheckPath(d, s);
}

absl::Status Check(const Description&, const Park& park) {
  if (std::isfinite(park.x_m) && std::isfinite(park.y_m) && park.duration_s >= 0 &&
      park.duration_s <= kLongestPark_s) {
    return absl::OkStatus();
  }
  return Beyond(absl::StrCat("park: a finite position and 0 … ", kLongestPark_s, " s are allowed"));
}

absl::Status Check(const Description& d, const Expose& e) {
  const DetectorInfo* camera = d.FindDetector(e.camera);
  if (!camera) return NoDetector(d, e.camera);
  if (camera->kind == DetectorKind::kScanned) {
    return Bad(absl::StrCat(e.camera, " is no camera: scan with it"));
  }
  RONCHI_RETURN_IF_ERROR(CheckDwell(d, *camera, e.time_s));
  // A spectrum has one axis, whatever its height is said to be.
  const auto divides = [&](size_t pixels) { return e.binning >= 1 && pixels % e.binning == 0; };
  const bool binning = divides(camera->pixels_x) &&
                       (camera->kind == DetectorKind::kSpectrum || divides(camera->pixels_y));
  if (!std::isfinite(e.x_m) || !std::isfinite(e.y_m) || !std::isfinite(e.time_s) ||
      !(e.time_s > 0) || !binning || e.frames < 1 || e.frames > kMostFrames) {
    return Beyond(absl::StrCat("expose: a finite position, a time above 0, 1 … ", kMostFrames,
                               " frames and a binning that divides ", camera->pixels_x, " × ",
                               camera->pixels_y, " are allowed"));
  }
  return absl::OkStatus();
}

absl::Status Check(const Description& d, const Measure& m) {
  if (!d.FindMeasurement(m.what)) {
    std::string known;
    for (const auto& i : d.measurements) absl::StrAppend(&known, known.empty() ? "" : ", ", i.what);
    return MakeError({ErrorKind::kCannot, absl::StrCat("no way to measure '", m.what, "'"),
                      absl::StrCat("there are: ", known.empty() ? "none" : known)});
  }
  if (std::isfinite(m.center_x_m) && std::isfinite(m.center_y_m) && m.fov_m >= 0 &&
      m.fov_m <= d.max_fov_m) {
    return absl::OkStatus();
  }
  return Beyond(absl::StrCat("measure: a finite position and a field of 0 … ", d.max_fov_m,
                             " m are allowed"));
}

template <class Plain>
absl::Status Check(const Description&, const Plain&) {
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTarget(const PropertyInfo& p, double target) {
  if (target >= p.min && target <= p.max && std::isfinite(target)) {
    // An index has no halves.
    if (p.choices.empty() || (target == std::floor(target) && target < double(p.choices.size()))) {
      return absl::OkStatus();
    }
  }
  const auto show = [&](double si) { return Format({si, p.dimension}); };
  return Beyond(absl::StrCat(p.name, " = ", show(target), " is beyond the limits ", show(p.min),
                             " … ", show(p.max)));
}

absl::Status CheckReadBack(const PropertyInfo& p, const Set& set, double target, double read_back) {
  const double tolerance = set.tolerance > 0 ? set.tolerance : p.resolution;
  // A difference is off by the round-off of both.
  const double round_off = 4e-16 * (std::fabs(target) + std::fabs(read_back));
  if (std::isfinite(read_back) &&
      (tolerance == 0 || std::fabs(read_back - target) <= tolerance + round_off)) {
    return absl::OkStatus();
  }
  const auto show = [&](double si) { return Format({si, p.dimension}); };
  return MakeError({ErrorKind::kOutOfTolerance,
                    absl::StrCat(p.name, " stands at ", show(read_back), " instead of ",
                                 show(target), "; the tolerance is ", show(tolerance)),
                    "look at the instrument before going on"});
}

absl::Status CheckCommand(const Description& d, const Command& command) {
  if (const std::string_view lacking = FirstLacking(d, command); !lacking.empty()) {
    return MakeError(
        {ErrorKind::kCannot, absl::StrCat(d.id, " cannot '", std::string(lacking), "'"), ""});
  }
  return std::visit([&](const auto& verb) { return Check(d, verb); }, command);
}

}  // namespace ronchi::hw
