#include "hw/drivers/de/describe.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/printable.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/description_check.h"

namespace ronchi::hw::de {
namespace {

using wire::DeRange;

// Of a simulation that says so: de-twin, and the server that the maker tests its own client with.
constexpr const char* kSimulator = "Simulator Source";
constexpr const char* kFakeCamera = "Fake Camera";

absl::StatusOr<std::string> ChooseCamera(const DeOptions& options, DeServer* server) {
  RONCHI_ASSIGN_OR_RETURN(const std::vector<std::string> cameras, server->Cameras());
  const std::string list = Printable(absl::StrJoin(cameras, ", "));
  if (cameras.empty()) {
    return MakeError({ErrorKind::kHardware, server->name() + " has no camera",
                      "start it at the DE-Server", Effect::kNone});
  }
  const std::string wanted = options.server.camera.empty() ? cameras[0] : options.server.camera;
  if (std::find(cameras.begin(), cameras.end(), wanted) == cameras.end()) {
    return MakeError({ErrorKind::kNoSuchName,
                      absl::StrCat(server->name(), " has no camera '", wanted, "'"),
                      absl::StrCat("it has: ", list)});
  }
  server->Choose(wanted);
  return wanted;
}

absl::StatusOr<size_t> Side(DeServer* server, const char* property) {
  RONCHI_ASSIGN_OR_RETURN(const double pixels, server->Number(property));
  if (pixels >= 1 && pixels <= 65536 && pixels == double(size_t(pixels))) return size_t(pixels);
  return MakeError(
      {ErrorKind::kHardware,
       absl::StrCat(server->name(), ": ", property, " is ", pixels, "; allowed are 1 … 65536"),
       "see what the camera is set to", Effect::kNone});
}

absl::Status AddCamera(const DeOptions& options, DeServer* server, DeDescription* out) {
  RONCHI_ASSIGN_OR_RETURN(const size_t width, Side(server, "Image Size X (pixels)"));
  RONCHI_ASSIGN_OR_RETURN(const size_t height, Side(server, "Image Size Y (pixels)"));
  RONCHI_ASSIGN_OR_RETURN(const double stands, server->Number("Frames Per Second"));
  RONCHI_ASSIGN_OR_RETURN(const auto rates, server->Limits("Frames Per Second"));
  RONCHI_ASSIGN_OR_RETURN(const auto counts, server->Limits("Frame Count"));
  const DeRange rate = rates.value_or(DeRange{0, kInf});
  out->frames_per_second = options.frames_per_second > 0 ? options.frames_per_second : stands;
  if (!(out->frames_per_second > 0 && out->frames_per_second >= rate.min &&
        out->frames_per_second <= rate.max)) {
    return MakeError({ErrorKind::kOutOfLimits,
                      absl::StrCat(out->frames_per_second, " frames per second; ", server->name(),
                                   " allows ", rate.min, " … ", rate.max),
                      "give frames_per_second another value", Effect::kNone});
  }
  const double most = counts ? counts->max : double(kMostWhole);
  out->description.detectors.push_back({.name = options.camera,
                                        .outer_rad = options.pixel_rad * double(width) / 2,
                                        .kind = DetectorKind::kCamera,
                                        .pixels_x = width,
                                        .pixels_y = height,
                                        .pixel_rad = options.pixel_rad,
                                        .min_dwell_s = rate.max > 0 ? 1 / rate.max : 0,
                                        .max_dwell_s = most / out->frames_per_second});
  return absl::OkStatus();
}

// The type of result of "external1", "virtual0"; 0: no such.
int ResultType(const std::string& theirs) {
  const char digit = theirs.empty() ? ' ' : theirs.back();
  const std::string stem = theirs.substr(0, theirs.size() - std::min<size_t>(1, theirs.size()));
  if (stem == "external" && digit >= '1' && digit <= '4') return kExternalImage1 + (digit - '1');
  if (stem == "virtual" && digit >= '0' && digit <= '4') return kVirtualImage0 + (digit - '0');
  return 0;
}

// Does the server have what its name says? Whether it is on may be changed at the server.
bool Has(const std::set<std::string>& properties, const std::string& theirs) {
  const bool external = absl::StartsWith(theirs, "external");
  const std::string key =
      absl::StrCat("Scan - ", external ? "External" : "Virtual", " Detector ",
                   theirs.substr(theirs.size() - 1), external ? " Enable" : " Shape");
  return properties.contains(key);
}

absl::Status AddScanned(const DeOptions& options, const std::set<std::string>& properties,
                        const std::string& who, DeDescription* out) {
  std::map<std::string, DeDetector> wanted = options.detectors;
  if (wanted.empty()) {
    for (const char* stem : {"external", "virtual"}) {
      for (const char digit : {'0', '1', '2', '3', '4'}) {
        const std::string theirs = absl::StrCat(stem, std::string(1, digit));
        if (ResultType(theirs) && Has(properties, theirs)) wanted[theirs] = {.name = theirs};
      }
    }
  }
  for (const auto& [theirs, ours] : wanted) {
    if (ResultType(theirs) == 0 || !Has(properties, theirs)) {
      return MakeError({ErrorKind::kNoSuchName,
                        absl::StrCat(who, " has no detector '", theirs, "'"),
                        "allowed are external1 … external4 and virtual0 … virtual4 that it has"});
    }
    out->scanned[ours.name] = ResultType(theirs);
    out->description.detectors.push_back({.name = ours.name,
                                          .inner_rad = ours.inner_rad,
                                          .outer_rad = ours.outer_rad,
                                          .saturation_counts = ours.saturation_counts,
                                          .dark_counts = ours.dark_counts});
  }
  return absl::OkStatus();
}

absl::Status AddScan(const DeOptions& options, const std::set<std::string>& properties,
                     DeServer* server, DeDescription* out) {
  Description& d = out->description;
  const auto all = [&](std::initializer_list<const char*> names) {
    return std::all_of(names.begin(), names.end(),
                       [&](const char* name) { return properties.contains(name); });
  };
  out->scan = all({"Scan - Enable", "Scan - Size X", "Scan - Size Y"});
  out->coils = all({"Scan - Voltage H Min", "Scan - Voltage H Max", "Scan - Voltage V Min",
                    "Scan - Voltage V Max", "Scan - Rotation"});
  const bool sized = options.field_m > 0 || options.field_at_magnification_1_m > 0;
  if (!out->scan || !sized) return absl::OkStatus();
  RONCHI_RETURN_IF_ERROR(AddScanned(options, properties, server->name(), out));
  RONCHI_ASSIGN_OR_RETURN(const auto size, server->Limits("Scan - Size X"));
  if (size) d.max_pixels = size_t(std::clamp(size->max, 1.0, 65536.0));
  d.min_dwell_s = d.detectors[0].min_dwell_s;
  RONCHI_ASSIGN_OR_RETURN(const auto rates, server->Limits("Frames Per Second"));
  if (rates && rates->min > 0) d.max_dwell_s = 1 / rates->min;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DeDescription> DescribeDe(const DeOptions& options, DeServer* server) {
  RONCHI_ASSIGN_OR_RETURN(const std::string camera, ChooseCamera(options, server));
  RONCHI_ASSIGN_OR_RETURN(const std::set<std::string> properties, server->Properties());
  DeDescription out;
  Description& d = out.description;
  d.id = "de:" + options.camera;
  d.simulated = properties.contains(kSimulator) || camera == kFakeCamera;
  RONCHI_RETURN_IF_ERROR(AddCamera(options, server, &out));
  RONCHI_RETURN_IF_ERROR(AddScan(options, properties, server, &out));
  const DetectorInfo& c = d.detectors[0];
  d.model = absl::StrCat("Direct Electron ", Printable(camera), ", ", c.pixels_x, " × ", c.pixels_y,
                         " pixels, by DE-Server ", server->software());
  // No "scan.rectangle", which would have to be of oblong points, too: its points are square.
  for (const std::string& name : CapabilityNames()) {
    const bool scans = !out.scanned.empty() && (name == "scan" || name == "scan.raster");
    const bool steers =
        !out.scanned.empty() && out.coils && (name == "scan.offset" || name == "scan.rotation");
    const bool can = name == "expose" || name == "safe" || name == "abort" || name == "cancel";
    if (!can && !scans && !steers) d.cannot.push_back(name);
  }
  RONCHI_RETURN_IF_ERROR(CheckDescription(d));
  return out;
}

}  // namespace ronchi::hw::de
