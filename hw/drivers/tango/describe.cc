#include "hw/drivers/tango/describe.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/instrument/description_check.h"

namespace ronchi::hw {
namespace {

using wire::TangoAttribute;
using wire::TangoValue;

constexpr double kDegree = std::numbers::pi / 180;
// Where a goniometer without piezo stands after a move, against what was asked: the tolerance.
constexpr double kTangoStage_m = 1e-7, kTangoStage_rad = 1e-3;

struct TangoUnit {
  const char* name;
  Dimension dimension;
  double si;
};
constexpr TangoUnit kTangoUnits[] = {{"m", Dimension::kLength, 1},
                                     {"mm", Dimension::kLength, 1e-3},
                                     {"um", Dimension::kLength, 1e-6},
                                     {"µm", Dimension::kLength, 1e-6},
                                     {"nm", Dimension::kLength, 1e-9},
                                     {"", Dimension::kLength, 1},
                                     {"degrees", Dimension::kAngle, kDegree},
                                     {"degree", Dimension::kAngle, kDegree},
                                     {"deg", Dimension::kAngle, kDegree},
                                     {"°", Dimension::kAngle, kDegree},
                                     {"", Dimension::kAngle, kDegree},
                                     {"rad", Dimension::kAngle, 1},
                                     {"radians", Dimension::kAngle, 1},
                                     {"mrad", Dimension::kAngle, 1e-3},
                                     {"s", Dimension::kTime, 1},
                                     {"", Dimension::kTime, 1},
                                     {"seconds", Dimension::kTime, 1},
                                     {"ms", Dimension::kTime, 1e-3},
                                     {"us", Dimension::kTime, 1e-6},
                                     {"µs", Dimension::kTime, 1e-6},
                                     {"ns", Dimension::kTime, 1e-9}};

// Without a unit it is asyncroscopy's: metres, degrees, seconds.
absl::StatusOr<double> UnitOf(const TangoPart& part, const TangoAttribute& a, Dimension dimension) {
  const std::string told = a.unit == "No unit" ? "" : absl::AsciiStrToLower(a.unit);
  for (const TangoUnit& u : kTangoUnits) {
    if (u.dimension == dimension && u.name == told) return u.si;
  }
  return part.Nonsense(a.name,
                       absl::StrCat("its unit '", Printable(a.unit), "' is not known as one of ",
                                    std::string(DimensionName(dimension))));
}

const TangoAttribute* FindAttribute(const std::vector<TangoAttribute>& all,
                                    const std::string& name) {
  for (const TangoAttribute& a : all) {
    if (absl::AsciiStrToLower(a.name) == absl::AsciiStrToLower(name)) return &a;
  }
  return nullptr;
}

// What is not defined is not there; what cannot be reached is an error.
absl::StatusOr<std::vector<TangoAttribute>> AttributesIfThere(std::unique_ptr<TangoPart>* part) {
  if (!*part) return std::vector<TangoAttribute>();
  auto all = (*part)->Attributes();
  if (all.ok()) return all;
  const ErrorKind kind = ErrorOf(all.status()).kind;
  if (kind != ErrorKind::kNoSuchName && kind != ErrorKind::kCannot) return all;
  part->reset();
  return std::vector<TangoAttribute>();
}

absl::Status AddTangoStage(const TangoOptions& o, TangoParts* parts, TangoTraits* t) {
  RONCHI_ASSIGN_OR_RETURN(const auto attributes, AttributesIfThere(&parts->stage));
  if (!t->commands.contains("get_stage") || !t->commands.contains("move_stage")) {
    return absl::OkStatus();
  }
  for (size_t i = 0; i < std::size(kTangoStage); ++i) {
    const TangoAxis& axis = kTangoStage[i];
    const bool tilt = i >= 3;
    const Dimension dimension = tilt ? Dimension::kAngle : Dimension::kLength;
    const double own = tilt ? o.stage_tilt_limit_rad : i == 2 ? o.stage_z_limit_m : o.stage_limit_m;
    PropertyInfo p{.name = axis.property,
                   .dimension = dimension,
                   .min = -own,
                   .max = own,
                   .writable = true,
                   .meaning = absl::StrCat("stage, ", axis.attributes[0]),
                   .unit = tilt ? "deg" : "um",
                   .resolution = tilt ? kTangoStage_rad : kTangoStage_m,
                   .group = PropertyGroup::kStage};
    t->stage_si[i] = tilt ? kDegree : 1;
    const TangoAttribute* a = FindAttribute(attributes, axis.attributes[0]);
    if (!a) a = FindAttribute(attributes, axis.attributes[1]);
    if (a) {
      RONCHI_ASSIGN_OR_RETURN(t->stage_si[i], UnitOf(*parts->stage, *a, dimension));
      if (std::isfinite(a->min)) p.min = a->min * t->stage_si[i];
      if (std::isfinite(a->max)) p.max = a->max * t->stage_si[i];
    }
    t->description.properties.push_back(p);
  }
  return absl::OkStatus();
}

void AddTangoOptics(const TangoOptions& o, TangoTraits* t) {
  Description& d = t->description;
  const auto has = [&](const char* a, const char* b) {
    return t->commands.contains(a) && t->commands.contains(b);
  };
  const auto add = [&](const std::string& name, Dimension dimension, double min, double max,
                       const char* unit, double resolution, const char* meaning,
                       PropertyGroup group) {
    d.properties.push_back({.name = name,
                            .dimension = dimension,
                            .min = min,
                            .max = max,
                            .writable = true,
                            .meaning = meaning,
                            .unit = unit,
                            .resolution = resolution,
                            .group = group});
  };
  const auto optics = PropertyGroup::kOptics;
  if (has("get_defocus", "set_defocus") && o.defocus_sign != 0) {
    add("optics.C10", Dimension::kLength, -o.defocus_limit_m, o.defocus_limit_m, "nm", 1e-11,
        "defocus; overfocus is positive", optics);
  }
  for (const char* axis : {".x", ".y"}) {
    if (!has(kTangoPairs[0].get, kTangoPairs[0].set)) break;
    add(absl::StrCat(kTangoPairs[0].stem, axis), Dimension::kLength, -o.image_shift_limit_m,
        o.image_shift_limit_m, "nm", 1e-10, "image shift", optics);
  }
  for (const char* axis : {".x", ".y"}) {
    if (!has(kTangoPairs[1].get, kTangoPairs[1].set)) break;
    add(absl::StrCat(kTangoPairs[1].stem, axis), Dimension::kAngle, -o.beam_tilt_limit_rad,
        o.beam_tilt_limit_rad, "mrad", 1e-6, "beam tilt", optics);
  }
  if (has("get_fov", "set_fov")) {
    add("scan.fov", Dimension::kLength, 1e-10, o.max_fov_m, "nm", 1e-12,
        "side of the field of a whole scan", PropertyGroup::kScan);
  }
  d.properties.push_back(
      {.name = "beam.current",
       .dimension = Dimension::kCurrent,
       .min = 0,
       .max = 1e-6,
       .meaning = o.current_A > 0 ? "as the config states it" : "onto the screen, when it is down",
       .unit = "pA",
       .group = PropertyGroup::kBeam});
}

absl::Status AddTangoScanning(const TangoOptions& o, TangoParts* parts, TangoTraits* t) {
  Description& d = t->description;
  RONCHI_ASSIGN_OR_RETURN(const auto attributes, AttributesIfThere(&parts->scan));
  const TangoAttribute* dwell = FindAttribute(attributes, "dwell_time");
  const TangoAttribute* size = FindAttribute(attributes, "imsize");
  const bool scans = dwell && size && FindAttribute(attributes, "scan_region") &&
                     t->commands.contains("acquire_scanned_image") && d.FindProperty("scan.fov") &&
                     !o.detectors.empty();
  d.max_fov_m = o.max_fov_m;
  d.max_pixels = o.max_pixels;
  if (!scans) {
    d.cannot.push_back("scan");
    return absl::OkStatus();
  }
  RONCHI_ASSIGN_OR_RETURN(t->dwell_si, UnitOf(*parts->scan, *dwell, Dimension::kTime));
  if (std::isfinite(dwell->min)) d.min_dwell_s = std::max(0.0, dwell->min * t->dwell_si);
  if (std::isfinite(dwell->max)) d.max_dwell_s = dwell->max * t->dwell_si;
  if (size->max >= 1 && size->max < double(o.max_pixels)) d.max_pixels = size_t(size->max);
  for (const auto& [theirs, ours] : o.detectors) {
    t->detectors[ours.name] = theirs;
    d.detectors.push_back({.name = ours.name,
                           .inner_rad = ours.inner_rad,
                           .outer_rad = ours.outer_rad,
                           .saturation_counts = ours.saturation_counts,
                           .dark_counts = ours.dark_counts});
  }
  return absl::OkStatus();
}

absl::Status AddTangoCamera(const TangoOptions& o, TangoParts* parts, TangoTraits* t) {
  Description& d = t->description;
  RONCHI_ASSIGN_OR_RETURN(const auto attributes, AttributesIfThere(&parts->camera));
  const TangoAttribute* time = FindAttribute(attributes, o.camera.time);
  size_t pixels = o.camera.pixels;
  if (pixels == 0 && FindAttribute(attributes, "imsize")) {
    RONCHI_ASSIGN_OR_RETURN(const TangoValue size, parts->camera->Read("imsize"));
    RONCHI_ASSIGN_OR_RETURN(const double n, parts->camera->NumberOf("imsize", size));
    if (n >= 1 && n <= 16384) pixels = size_t(n);
  }
  const bool exposes = time && pixels > 0 && t->commands.contains("acquire_camera_image") &&
                       t->commands.contains("place_beam") && d.FindProperty("scan.fov");
  if (!exposes) {
    d.cannot.push_back("expose");
    return absl::OkStatus();
  }
  RONCHI_ASSIGN_OR_RETURN(t->exposure_si, UnitOf(*parts->camera, *time, Dimension::kTime));
  t->has_binning = FindAttribute(attributes, o.camera.binning) != nullptr;
  DetectorInfo camera{.name = o.camera.name,
                      .outer_rad = o.camera.pixel_rad * double(pixels) / 2,
                      .dark_counts = o.camera.dark_counts,
                      .kind = DetectorKind::kCamera,
                      .pixels_x = pixels,
                      .pixels_y = pixels,
                      .pixel_rad = o.camera.pixel_rad};
  if (std::isfinite(time->min)) camera.min_dwell_s = std::max(0.0, time->min * t->exposure_si);
  if (std::isfinite(time->max)) camera.max_dwell_s = time->max * t->exposure_si;
  d.detectors.push_back(camera);
  return absl::OkStatus();
}

// Is it a simulation that `ronchi serve` serves? It says so; nobody else does.
absl::StatusOr<bool> IsSimulated(TangoPart* microscope) {
  RONCHI_ASSIGN_OR_RETURN(const auto attributes, microscope->Attributes());
  if (!FindAttribute(attributes, "simulated")) return false;
  RONCHI_ASSIGN_OR_RETURN(const TangoValue value, microscope->Read("simulated"));
  const bool* simulated = std::get_if<bool>(&value);
  return simulated && *simulated;
}

std::string TangoUrl(const TangoOptions& o, const std::string& device) {
  return absl::StrCat("tango://", o.server.host, ":", o.server.port, "/", device,
                      o.database ? "" : "#dbase=no");
}

// The name of a part's device; empty: it is left out.
std::string DeviceOf(const TangoOptions& o, const std::string& part) {
  if (const auto named = o.devices.find(part); named != o.devices.end()) {
    return named->second == "none" ? "" : named->second;
  }
  for (const auto& [known, device] : kTangoDevices) {
    if (part == known) return device;
  }
  return "";
}

}  // namespace

TangoParts::TangoParts(const TangoOptions& options, const TangoOpener& open)
    : microscope(open, TangoUrl(options, DeviceOf(options, "microscope")), options),
      blanker(open, microscope.url(), options) {
  const auto make = [&](const char* part) -> std::unique_ptr<TangoPart> {
    const std::string device = DeviceOf(options, part);
    if (device.empty()) return nullptr;
    return std::make_unique<TangoPart>(open, TangoUrl(options, device), options);
  };
  scan = make("scan");
  stage = make("stage");
  camera = make("camera");
  corrector = make("corrector");
}

absl::StatusOr<TangoTraits> DescribeTango(const TangoOptions& options, TangoParts* parts) {
  TangoTraits t;
  RONCHI_ASSIGN_OR_RETURN(t.commands, parts->microscope.Commands());
  Description& d = t.description;
  d.id = absl::StrCat("tango:", options.server.name, "/", DeviceOf(options, "microscope"));
  d.model = "microscope by TANGO, device model of asyncroscopy";
  RONCHI_ASSIGN_OR_RETURN(d.simulated, IsSimulated(&parts->microscope));
  d.cannot = {"abort",      "scan.points",    "scan.spiral", "scan.rotation", "scan.camera",
              "scan.lines", "scan.rectangle", "scan.offset", "cancel"};
  d.read_s = d.blank_s = 1e-3;
  if (!t.commands.contains("blank_beam")) {
    d.cannot.insert(d.cannot.end(), {"blank", "safe"});
  }
  if (!t.commands.contains("unblank_beam")) d.cannot.push_back("unblank");
  AddTangoOptics(options, &t);
  RONCHI_RETURN_IF_ERROR(AddTangoStage(options, parts, &t));
  RONCHI_RETURN_IF_ERROR(AddTangoScanning(options, parts, &t));
  RONCHI_RETURN_IF_ERROR(AddTangoCamera(options, parts, &t));
  if (!t.commands.contains("place_beam") || !d.FindProperty("scan.fov")) {
    d.cannot.push_back("park");
  }
  RONCHI_RETURN_IF_ERROR(AttributesIfThere(&parts->corrector).status());
  if (!parts->corrector) d.cannot.push_back("measure");
  return t;
}

}  // namespace ronchi::hw
