#include "hw/twin/column/describe_column.h"

#include <numbers>

#include "absl/strings/str_cat.h"
#include "hw/twin/base/beam.h"
#include "hw/twin/base/readings.h"
#include "hw/twin/column/detectors.h"
#include "hw/twin/column/measurements.h"
#include "hw/twin/column/optics.h"
#include "hw/twin/column/stage.h"

namespace ronchi::hw {
namespace {

using Group = PropertyGroup;

void AddOptics(const TwinOptions& o, Description* d) {
  for (const Knob& k : MakeKnobs(o)) {
    d->properties.push_back({.name = k.name,
                             .dimension = Dimension::kLength,
                             .min = -k.limit_m,
                             .max = k.limit_m,
                             .max_step = 2 * k.limit_m,
                             .writable = true,
                             .meaning = "commanded coefficient; the column's own comes on top",
                             .unit = sim::kAberrationTerms[size_t(k.term)].n > 2 ? "um" : "nm",
                             .resolution = k.resolution_m,
                             .settling_s = o.settle_s,
                             .group = Group::kOptics});
  }
}

void AddStage(const TwinOptions& o, Description* d) {
  for (const StageAxis& a : MakeStageAxes(o)) {
    const std::string meaning = a.is_angle            ? "tilts patterns; moves what is off the axis"
                                : a.name == "stage.z" ? "along the beam; adds to C10"
                                                      : "carries the specimen along";
    d->properties.push_back({.name = a.name,
                             .dimension = a.is_angle ? Dimension::kAngle : Dimension::kLength,
                             .min = -a.limit,
                             .max = a.limit,
                             .max_step = 2 * a.limit,
                             .writable = true,
                             .meaning = meaning,
                             .unit = a.is_angle ? "deg" : "um",
                             .resolution = a.resolution,
                             .max_rate = a.max_rate,
                             .settling_s = o.stage.settle_s,
                             .group = Group::kStage});
  }
}

void AddCamera(const CameraOptions& c, Description* d) {
  d->detectors.push_back({.name = kCameraName,
                          .outer_rad = c.pixel_rad * double(c.pixels) / 2,
                          .saturation_counts = c.saturation_counts,
                          .dark_counts = c.dark_counts,
                          .kind = DetectorKind::kCamera,
                          .pixels_x = c.pixels,
                          .pixels_y = c.pixels,
                          .pixel_rad = c.pixel_rad,
                          .min_dwell_s = c.min_exposure_s,
                          .max_dwell_s = c.max_exposure_s});
}

}  // namespace

Description DescribeTwin(const TwinOptions& o) {
  Description d;
  d.id = "twin:" + o.name;
  d.model =
      absl::StrCat("simulated STEM, ", o.energy_eV / 1e3, " kV, ", o.semiangle_rad * 1e3, " mrad");
  d.simulated = true;
  AddOptics(o, &d);
  if (o.stage.present) AddStage(o, &d);
  d.properties.push_back({.name = "scan.rotation",
                          .dimension = Dimension::kAngle,
                          .min = -std::numbers::pi,
                          .max = std::numbers::pi,
                          .max_step = 2 * std::numbers::pi,
                          .writable = true,
                          .meaning = "turns the scan frame about its origin",
                          .unit = "deg",
                          .group = Group::kScan});
  AddReadings(&d);
  constexpr double kMinDwell_s = 1e-7, kMaxDwell_s = 1;
  for (const TwinDetector& x : o.detectors) {
    if (o.film.present) break;
    d.detectors.push_back({.name = x.name,
                           .inner_rad = x.inner_rad,
                           .outer_rad = x.outer_rad,
                           .saturation_counts = x.saturation_counts,
                           .dark_counts = &x == &o.detectors[0] ? o.dark_counts : x.dark_counts,
                           .min_dwell_s = kMinDwell_s,
                           .max_dwell_s = kMaxDwell_s});
  }
  if (o.camera.present) AddCamera(o.camera, &d);
  if (o.measurements.present) d.measurements = DescribeMeasurements(o.measurements);
  d.min_dwell_s = kMinDwell_s;
  d.max_dwell_s = kMaxDwell_s;
  d.max_fov_m = 1e-6;
  d.probe_m = LeastProbe_m(o.energy_eV, o.semiangle_rad);
  if (o.film.present) d.cannot.push_back("scan");
  if (!o.camera.present) d.cannot.insert(d.cannot.end(), {"scan.camera", "expose"});
  if (!o.measurements.present) d.cannot.push_back("measure");
  d.read_s = o.read_s;
  d.blank_s = o.blank_s;
  d.flyback_s = o.flyback_s;
  d.frame_overhead_s = o.frame_overhead_s;
  return d;
}

}  // namespace ronchi::hw
