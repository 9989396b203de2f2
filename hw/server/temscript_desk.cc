#include "hw/server/temscript_desk.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/wire/http.h"
#include "hw/wire/temscript_images.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

constexpr const char* kStageKeys[][2] = {{"stage.x", "x"},
                                         {"stage.y", "y"},
                                         {"stage.z", "z"},
                                         {"stage.alpha", "a"},
                                         {"stage.beta", "b"}};
constexpr const char* kParts[] = {"", "FULL", "HALF", "", "QUARTER"};

absl::Status Unknown(const std::string& what) {
  return MakeError(
      {ErrorKind::kNoSuchName, absl::StrCat("Unknown endpoint: '", Printable(what), "'"), ""});
}
absl::Status BadValue(const std::string& what) {
  return MakeError({ErrorKind::kBadCommand, what, ""});
}

absl::StatusOr<double> NumberOf(const json& value) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    return BadValue("a finite number is needed, not " + Printable(value.dump()));
  }
  return value.get<double>();
}

// "camera_param/<name>" → the name, decoded.
std::optional<std::string> After(const std::string& name, const char* prefix) {
  if (!absl::StartsWith(name, prefix)) return std::nullopt;
  return wire::UrlDecode(name.substr(std::string(prefix).size()));
}

}  // namespace

TemscriptDesk::TemscriptDesk(Hub* hub, const TemscriptServerOptions& options)
    : column_(hub), options_(options) {}

std::string TemscriptDesk::Family() const {
  return column_.description().simulated ? "SIMULATION" : "RONCHI";
}

TemscriptDesk::Value TemscriptDesk::Get(const std::string& name, const std::string& target) {
  if (name == "family") return json(Family());
  if (name == "microscope_id") return json(column_.description().id);
  if (name == "version") return json("2.0.0");
  if (name == "vacuum") {
    return json{{"status", "READY"},
                {"column_valves_open", true},
                {"pvp_running", false},
                {"gauges(Pa)", json::object()}};
  }
  if (name == "column_valves_open" || name == "stem_available") return json(true);
  if (name == "instrument_mode") return json("STEM");
  if (name == "stage_status") return json("READY");
  if (name == "stage_holder") return json("NONE");
  if (name == "stage_position") return Stage();
  if (name == "stage_limits") return StageLimits();
  if (name == "beam_shift") return Pair("beam.shift.x", "beam.shift.y");
  if (name == "probe_defocus") return Property("optics.C10", 1);
  if (name == "voltage") return Property("beam.energy", 1e-3);
  if (name == "convergence_angle") return Property("beam.semiangle", 1);
  if (name == "screen_current") return Property("beam.current", 1);
  if (name == "beam_blanked") return Blanked();
  if (name == "stem_detectors") return StemDetectors();
  if (name == "cameras") return Cameras();
  if (name == "detectors") {
    json all = *StemDetectors();
    all.update(*Cameras());
    return all;
  }
  if (name == "stem_acquisition_param") return StemAcquisition();
  if (name == "acquire") return Acquire(wire::QueryValues(target, "detectors"));
  if (const auto camera = After(name, "camera_param/")) return CameraParam(*camera);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (name == "stem_magnification") return json(magnification_);
  if (name == "stem_rotation") return json(rotation_rad_);
  return Unknown(name);
}

absl::Status TemscriptDesk::Put(const std::string& name, const std::string& target,
                                const json& value) {
  if (name == "beam_blanked") {
    if (!value.is_boolean()) return BadValue("true or false is needed");
    Hub* const hub = column_.hub();
    return value.get<bool>() ? hub->BlankNow() : hub->Execute(Unblank{}).status();
  }
  if (name == "column_valves_open") {
    return MakeError({ErrorKind::kRefused, "Opening of column valves is prohibited", ""});
  }
  if (name == "stage_position") return SetStage(value, target);
  if (name == "beam_shift") return SetPair("beam.shift.x", "beam.shift.y", value);
  if (name == "stem_acquisition_param") return SetStemAcquisition(value);
  if (const auto camera = After(name, "camera_param/")) return SetCameraParam(*camera, value);
  const bool number =
      name == "probe_defocus" || name == "stem_magnification" || name == "stem_rotation";
  if (!number) return Unknown(name);
  RONCHI_ASSIGN_OR_RETURN(const double v, NumberOf(value));
  if (name == "probe_defocus") return column_.SetProperty("optics.C10", v);
  if (name == "stem_magnification" && !(v > 0)) return BadValue("a magnification is above 0");
  const std::lock_guard<std::mutex> lock(mutex_);
  (name == "stem_magnification" ? magnification_ : rotation_rad_) = v;
  return absl::OkStatus();
}

TemscriptDesk::Value TemscriptDesk::Property(const char* property, double scale) {
  RONCHI_ASSIGN_OR_RETURN(const double si, column_.Property(property));
  return json(si * scale);
}

TemscriptDesk::Value TemscriptDesk::Pair(const char* x, const char* y) {
  RONCHI_ASSIGN_OR_RETURN(const auto at, column_.Pair(x, y));
  return json(at);
}

// Axes that the instrument does not have stand at 0, and cannot be moved.
TemscriptDesk::Value TemscriptDesk::Stage() {
  json at = json::object();
  for (const auto& [property, key] : kStageKeys) {
    at[key] = 0.0;
    if (!column_.Has(property)) continue;
    RONCHI_ASSIGN_OR_RETURN(at[key], Property(property, 1));
  }
  return at;
}

TemscriptDesk::Value TemscriptDesk::StageLimits() const {
  json limits = json::object();
  for (const auto& [property, key] : kStageKeys) {
    const PropertyInfo* p = column_.description().FindProperty(property);
    limits[key] = p ? json{p->min, p->max} : json{0.0, 0.0};
  }
  return limits;
}

TemscriptDesk::Value TemscriptDesk::StemDetectors() const {
  json binnings = json::array(), all = json::object();
  for (size_t b = 1; b <= options_.frame_pixels; b *= 2) {
    if (options_.frame_pixels % b == 0) binnings.push_back(b);
  }
  for (const DetectorInfo& d : column_.description().detectors) {
    if (d.kind != DetectorKind::kScanned) continue;
    all[d.name] = {{"type", "STEM_DETECTOR"}, {"binnings", binnings}};
  }
  return all;
}

TemscriptDesk::Value TemscriptDesk::Cameras() const {
  json all = json::object();
  for (const DetectorInfo& d : column_.description().detectors) {
    if (d.kind != DetectorKind::kCamera) continue;
    all[d.name] = {{"type", "CAMERA"},
                   {"height", d.pixels_y},
                   {"width", d.pixels_x},
                   {"pixel_size(um)", {0.0, 0.0}},
                   {"binnings", {1, 2, 4, 8}},
                   {"shutter_modes", {"PRE_SPECIMEN"}},
                   {"pre_exposure_limits(s)", {0.0, 0.0}},
                   {"pre_exposure_pause_limits(s)", {0.0, 0.0}}};
  }
  return all;
}

const DetectorInfo* TemscriptDesk::FindDetector(const std::string& name, bool camera) const {
  return column_.FindDetector(name, camera ? DetectorKind::kCamera : DetectorKind::kScanned);
}

TemscriptDesk::Value TemscriptDesk::CameraParam(const std::string& camera) {
  if (!FindDetector(camera, true)) return Unknown("camera_param/" + camera);
  const std::lock_guard<std::mutex> lock(mutex_);
  const Camera& c = cameras_[camera];
  return json{{"image_size", "FULL"},    {"exposure(s)", c.exposure_s},
              {"binning", c.binning},    {"correction", "DEFAULT"},
              {"exposure_mode", "NONE"}, {"shutter_mode", "PRE_SPECIMEN"},
              {"pre_exposure(s)", 0.0},  {"pre_exposure_pause(s)", 0.0}};
}

TemscriptDesk::Value TemscriptDesk::StemAcquisition() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return json{{"image_size", kParts[part_]}, {"binning", binning_}, {"dwell_time(s)", dwell_s_}};
}

TemscriptDesk::Value TemscriptDesk::Blanked() {
  RONCHI_ASSIGN_OR_RETURN(const bool blanked, column_.Blanked());
  return json(blanked);
}

absl::Status TemscriptDesk::SetPair(const char* x, const char* y, const json& value) {
  if (!value.is_array() || value.size() != 2) return BadValue("two numbers are needed");
  std::array<double, 2> to;
  for (size_t i = 0; i < 2; ++i) {
    RONCHI_ASSIGN_OR_RETURN(to[i], NumberOf(value[i]));
  }
  return column_.SetPair(x, y, to);
}

absl::Status TemscriptDesk::SetStage(const json& value, const std::string& target) {
  if (!value.is_object()) return BadValue("an object of axes is needed");
  for (const std::string& method : wire::QueryValues(target, "method")) {
    if (method != "GO" && method != "MOVE") return BadValue("method: GO or MOVE is needed");
  }
  std::vector<std::pair<std::string, double>> moves;
  for (const auto& [property, key] : kStageKeys) {
    if (!value.contains(key)) continue;
    RONCHI_ASSIGN_OR_RETURN(const double to, NumberOf(value[key]));
    moves.emplace_back(property, to);
  }
  return column_.SetAll(moves);
}

absl::Status TemscriptDesk::SetStemAcquisition(const json& value) {
  if (!value.is_object()) return BadValue("an object is needed");
  size_t part = 0, binning = 0;
  double dwell_s = 0;
  for (const auto& [key, v] : value.items()) {
    if (key == "image_size") {
      part = size_t(std::find(std::begin(kParts) + 1, std::end(kParts), v) - std::begin(kParts));
      if (part > 4 || !*kParts[part])
        return BadValue("image_size: FULL, HALF or QUARTER is needed");
    } else if (key == "binning") {
      if (!v.is_number_unsigned() || v == 0 || options_.frame_pixels % v.get<size_t>() != 0) {
        return BadValue(
            absl::StrCat("binning: a divisor of ", options_.frame_pixels, " is needed"));
      }
      binning = v;
    } else if (key == "dwell_time(s)") {
      RONCHI_ASSIGN_OR_RETURN(dwell_s, NumberOf(v));
      if (!(dwell_s > 0)) return BadValue("dwell_time(s): more than 0 is needed");
    } else {
      return BadValue("no parameter '" + Printable(key) + "'");
    }
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (part) part_ = part;
  if (binning) binning_ = binning;
  if (dwell_s > 0) dwell_s_ = dwell_s;
  return absl::OkStatus();
}

absl::Status TemscriptDesk::SetCameraParam(const std::string& camera, const json& value) {
  if (!FindDetector(camera, true)) return Unknown("camera_param/" + camera);
  if (!value.is_object()) return BadValue("an object is needed");
  const std::lock_guard<std::mutex> lock(mutex_);
  Camera c = cameras_[camera];
  for (const auto& [key, v] : value.items()) {
    if (key == "exposure(s)") {
      RONCHI_ASSIGN_OR_RETURN(c.exposure_s, NumberOf(v));
      if (!(c.exposure_s > 0)) return BadValue("exposure(s): more than 0 is needed");
    } else if (key == "binning") {
      if (!v.is_number_unsigned() || v == 0 || v > 4096) return BadValue("binning: 1, 2, 4 …");
      c.binning = v;
    } else if (key != "image_size" || v != "FULL") {
      return BadValue("parameter '" + Printable(key) + "' cannot be set so");
    }
  }
  cameras_[camera] = c;
  return absl::OkStatus();
}

TemscriptDesk::Value TemscriptDesk::Acquire(const std::vector<std::string>& detectors) {
  std::vector<std::string> scanned, cameras;
  for (const std::string& name : detectors) {
    // temscript leaves out what it does not know; an image that is missing is told of here.
    const bool camera = FindDetector(name, true) != nullptr;
    if (!camera && !FindDetector(name, false)) return Unknown("acquire: detector " + name);
    auto& of_kind = camera ? cameras : scanned;
    // One image of each comes back: so one is taken.
    if (std::find(of_kind.begin(), of_kind.end(), name) == of_kind.end()) of_kind.push_back(name);
  }
  json images = json::object();
  if (!scanned.empty()) RONCHI_RETURN_IF_ERROR(AcquireScanned(scanned, &images));
  for (const std::string& name : cameras) RONCHI_RETURN_IF_ERROR(AcquireCamera(name, &images));
  return images;
}

absl::Status TemscriptDesk::AcquireScanned(const std::vector<std::string>& names, json* images) {
  Scan scan{.detectors = names};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    scan.fov_x_m = scan.fov_y_m =
        options_.field_at_magnification_1_m / magnification_ / double(part_);
    scan.pixels_x = scan.pixels_y = options_.frame_pixels / binning_ / part_;
    scan.dwell_s = dwell_s_;
    scan.rotation_rad = rotation_rad_;
  }
  RONCHI_ASSIGN_OR_RETURN(const std::vector<Frame> frames, column_.Take(scan));
  for (const Frame& f : frames) (*images)[f.detector] = wire::ImageToTemscript(f.counts);
  return absl::OkStatus();
}

absl::Status TemscriptDesk::AcquireCamera(const std::string& name, json* images) {
  Expose expose{.camera = name};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    expose.time_s = cameras_[name].exposure_s;
    expose.binning = cameras_[name].binning;
  }
  RONCHI_ASSIGN_OR_RETURN(const std::vector<Frame> frames, column_.Take(expose));
  (*images)[name] = wire::ImageToTemscript(frames[0].counts);
  return absl::OkStatus();
}

}  // namespace ronchi::hw
