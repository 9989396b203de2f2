#include "hw/drivers/gms/gms.h"

#include <cmath>
#include <numbers>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/drivers/gms/bridge.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/description_check.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw::gms {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr double kDegree = std::numbers::pi / 180;
// Where a goniometer without piezo stands after a move, against what was asked: the tolerance.
constexpr double kStage_m = 1e-7, kStage_rad = 1e-3;
// By how much the field may differ from what is asked for: GMS rounds magnifications.
constexpr double kField = 1e-3;

struct Axis {
  const char* property;
  const char* key;    // of an answer
  const char* param;  // of a move
  int flag;           // that says which axes move
  double si;          // of its unit
};
constexpr Axis kAxes[] = {{"stage.x", "x_um", "x", 1, 1e-6},
                          {"stage.y", "y_um", "y", 2, 1e-6},
                          {"stage.z", "z_um", "z", 4, 1e-6},
                          {"stage.alpha", "alpha_deg", "alpha", 8, kDegree},
                          {"stage.beta", "beta_deg", "beta", 16, kDegree}};
const Axis* FindAxis(const std::string& property) {
  for (const Axis& a : kAxes) {
    if (property == a.property) return &a;
  }
  return nullptr;
}

double SecondsFrom(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

class Gms final : public Instrument {
 public:
  explicit Gms(const GmsOptions& options)
      : options_(options), bridge_(options.address, options.answer_s) {}

  absl::Status Begin() {
    RONCHI_RETURN_IF_ERROR(bridge_.Call("Ping").status());
    RONCHI_ASSIGN_OR_RETURN(const json state, bridge_.Call("EM_GetState"));
    description_.id = "gms:" + bridge_.name();
    description_.model = "Gatan Microscopy Suite at " + bridge_.name();
    const bool scans = options_.field_at_magnification_1_m > 0;
    const bool exposes = options_.camera_pixels_x > 0;
    for (const std::string& name : CapabilityNames()) {
      const bool can = name == "read" || name == "set" || name == "set.relative" ||
                       (scans && (name == "scan" || name == "scan.raster" ||
                                  name == "scan.rotation" || name == "scan.rectangle")) ||
                       (exposes && name == "expose");
      if (!can) description_.cannot.push_back(name);
    }
    RONCHI_RETURN_IF_ERROR(AddStage());
    AddDetectors();
    return CheckDescription(description_);
  }
  const Description& description() const override { return description_; }

 private:
  absl::Status AddStage() {
    RONCHI_RETURN_IF_ERROR(bridge_.Call("EMGetStagePositions").status());
    for (const Axis& a : kAxes) {
      const bool tilt = a.flag >= 8;
      const GmsOptions::Limits l = tilt          ? options_.tilt_rad
                                   : a.flag == 4 ? options_.stage_z_m
                                                 : options_.stage_m;
      if (l.min >= l.max) continue;
      description_.properties.push_back({.name = a.property,
                                         .dimension = tilt ? Dimension::kAngle : Dimension::kLength,
                                         .min = l.min,
                                         .max = l.max,
                                         .writable = true,
                                         .meaning = absl::StrCat("stage, ", a.param),
                                         .unit = tilt ? "mrad" : "um",
                                         .resolution = tilt ? kStage_rad : kStage_m,
                                         .group = PropertyGroup::kStage});
    }
    return absl::OkStatus();
  }

  void AddDetectors() {
    if (options_.field_at_magnification_1_m > 0) {
      description_.detectors.push_back({.name = options_.detector,
                                        .inner_rad = options_.inner_rad,
                                        .outer_rad = options_.outer_rad});
    }
    if (options_.camera_pixels_x == 0) return;
    description_.detectors.push_back(
        {.name = options_.camera,
         .outer_rad = options_.pixel_rad * double(options_.camera_pixels_x) / 2,
         .kind = DetectorKind::kCamera,
         .pixels_x = options_.camera_pixels_x,
         .pixels_y = options_.camera_pixels_y,
         .pixel_rad = options_.pixel_rad});
  }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    const Clock::time_point start = Clock::now();
    Reply reply;
    reply.blanked = false;  // that is for the column to say
    RONCHI_RETURN_IF_ERROR(
        std::visit([&](const auto& verb) { return Do(verb, options, &reply); }, command));
    reply.elapsed_s = SecondsFrom(start);
    reply.time_s = SecondsFrom(opened_);
    for (Reading& r : reply.readings) r.time_s = reply.time_s;
    return reply;
  }

  template <class Other>
  absl::Status Do(const Other& verb, const ExecuteOptions&, Reply*) {
    return MakeError({ErrorKind::kCannot, "GMS' bridge has no " + VerbName(verb)});
  }

  absl::StatusOr<Reading> ReadingOf(const json& stage, const std::string& property) const {
    const Axis& a = *FindAxis(property);
    RONCHI_ASSIGN_OR_RETURN(const double value, bridge_.Number(stage, a.key));
    return Reading{property, {value * a.si, description_.FindProperty(property)->dimension}, 0, 0};
  }

  absl::Status Do(const Read& read, const ExecuteOptions&, Reply* reply) {
    if (read.properties.empty()) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const json stage, bridge_.Call("EMGetStagePositions"));
    for (const std::string& name : read.properties) {
      RONCHI_ASSIGN_OR_RETURN(const Reading reading, ReadingOf(stage, name));
      reply->readings.push_back(reading);
    }
    return absl::OkStatus();
  }

  absl::Status Do(const Set& set, const ExecuteOptions& options, Reply* reply) {
    const PropertyInfo& property = *description_.FindProperty(set.property);
    const Axis& a = *FindAxis(set.property);
    double to = set.value.si;
    if (set.relative) {  // it has no such move; somebody else may move it meanwhile
      RONCHI_ASSIGN_OR_RETURN(const json at, bridge_.Call("EMGetStagePositions"));
      RONCHI_ASSIGN_OR_RETURN(const Reading now, ReadingOf(at, set.property));
      to += now.value.si;
    }
    RONCHI_RETURN_IF_ERROR(CheckTarget(property, to));
    const double own_s = set.timeout_s > 0 ? set.timeout_s : options_.move_s;
    const json move = {{"flags", a.flag}, {a.param, to / a.si}};
    RONCHI_RETURN_IF_ERROR(
        bridge_.Call("EMSetStagePositions", move, std::min(own_s, options.timeout_s)).status());
    // What its answer says is what it was told; what stands is asked for.
    RONCHI_ASSIGN_OR_RETURN(const json at, bridge_.Call("EMGetStagePositions"));
    RONCHI_ASSIGN_OR_RETURN(const Reading reading, ReadingOf(at, set.property));
    reply->readings = {reading};
    return CheckReadBack(property, set, to, reading.value.si);
  }

  // The field is the operator's: the bridge can read the magnification, and not set it.
  absl::Status CheckField(const Scan& scan) const {
    RONCHI_ASSIGN_OR_RETURN(const json state, bridge_.Call("EM_GetState"));
    RONCHI_ASSIGN_OR_RETURN(const double m, bridge_.Number(state, "magnification"));
    const double field_m = options_.field_at_magnification_1_m / m;
    const bool square =
        scan.fov_x_m * double(scan.pixels_y) == scan.fov_y_m * double(scan.pixels_x);
    if (square && std::abs(field_m / scan.fov_x_m - 1) <= kField) return absl::OkStatus();
    return MakeError(
        {ErrorKind::kOutOfLimits,
         absl::StrFormat("%s: the scanned field is %g nm at magnification %g; asked "
                         "for are %g nm × %g nm",
                         bridge_.name(), field_m * 1e9, m, scan.fov_x_m * 1e9, scan.fov_y_m * 1e9),
         "ask for that field, with square pixels, or set the magnification at GMS", Effect::kNone});
  }

  absl::Status Do(const Scan& scan, const ExecuteOptions& options, Reply* reply) {
    RONCHI_RETURN_IF_ERROR(CheckField(scan));
    const json configure = {{"width", scan.pixels_x},
                            {"height", scan.pixels_y},
                            {"dwell_us", scan.dwell_s * 1e6},
                            {"rotation_deg", scan.rotation_rad / kDegree},
                            {"signals", {options_.signal}}};
    RONCHI_RETURN_IF_ERROR(bridge_.Call("DS_Configure", configure).status());
    const double frame_s = scan.dwell_s * double(scan.pixels_x * scan.pixels_y);
    for (size_t frame = 0; frame < scan.frames; ++frame) {
      if (EndsBefore(options, double(frame + 1) * frame_s, reply)) break;
      RONCHI_ASSIGN_OR_RETURN(
          const json answer,
          bridge_.Call("DS_Acquire", {{"include_data", true}}, 2 * frame_s + options_.answer_s));
      RONCHI_ASSIGN_OR_RETURN(auto counts, bridge_.Image(answer, scan.pixels_y, scan.pixels_x));
      reply->frames.push_back({options_.detector, std::move(counts)});
    }
    return absl::OkStatus();
  }

  absl::Status Do(const Expose& e, const ExecuteOptions& options, Reply* reply) {
    const DetectorInfo& camera = *description_.FindDetector(e.camera);
    const json params = {{"exposure", e.time_s}, {"binning", e.binning}, {"include_data", true}};
    for (size_t frame = 0; frame < e.frames; ++frame) {
      if (EndsBefore(options, double(frame + 1) * e.time_s, reply)) break;
      RONCHI_ASSIGN_OR_RETURN(const json answer, bridge_.Call("CM_AcquireImage", params,
                                                              2 * e.time_s + options_.answer_s));
      RONCHI_ASSIGN_OR_RETURN(auto counts, bridge_.Image(answer, camera.pixels_y / e.binning,
                                                         camera.pixels_x / e.binning));
      reply->frames.push_back({e.camera, std::move(counts)});
    }
    return absl::OkStatus();
  }

  // Before each frame: nothing stops one that has begun.
  static bool EndsBefore(const ExecuteOptions& options, double until_s, Reply* reply) {
    if (options.cancelled()) reply->ended = Ended::kCancelled;
    if (until_s > options.timeout_s) reply->ended = Ended::kTimeout;
    return reply->ended != Ended::kComplete;
  }

  const GmsOptions options_;
  const Bridge bridge_;
  const Clock::time_point opened_ = Clock::now();
  Description description_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeGms(const GmsOptions& options) {
  auto gms = std::make_unique<Gms>(options);
  RONCHI_RETURN_IF_ERROR(gms->Begin());
  return std::unique_ptr<Instrument>(std::move(gms));
}

}  // namespace ronchi::hw::gms
