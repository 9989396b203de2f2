#include "hw/twin/particles/describe_particles.h"

#include <numbers>

#include "absl/strings/str_cat.h"
#include "hw/twin/base/beam.h"
#include "hw/twin/base/readings.h"

namespace ronchi::hw {

Description DescribeMapTwin(const MapTwinOptions& o) {
  using Group = PropertyGroup;
  Description d;
  d.id = "twin:" + o.name;
  d.model = absl::StrCat("simulated STEM, ", o.energy_eV / 1e3, " kV, ", o.semiangle_rad * 1e3,
                         " mrad, nanoparticles with plasmons");
  d.simulated = true;
  d.properties.push_back({.name = "optics.C10",
                          .dimension = Dimension::kLength,
                          .min = -o.defocus_limit_m,
                          .max = o.defocus_limit_m,
                          .max_step = 2 * o.defocus_limit_m,
                          .writable = true,
                          .meaning = "commanded coefficient; the column's own comes on top",
                          .unit = "nm",
                          .resolution = o.defocus_resolution_m,
                          .settling_s = o.settle_s,
                          .group = Group::kOptics});
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
  d.min_dwell_s = 1e-7;
  d.max_dwell_s = 1;
  d.detectors.push_back({.name = "haadf",
                         .inner_rad = o.haadf.inner_rad,
                         .outer_rad = o.haadf.outer_rad,
                         .saturation_counts = o.haadf.saturation_counts,
                         .dark_counts = o.haadf.dark_counts,
                         .min_dwell_s = d.min_dwell_s,
                         .max_dwell_s = d.max_dwell_s});
  d.detectors.push_back({.name = "eels",
                         .outer_rad = o.eels.outer_rad,
                         .saturation_counts = o.eels.saturation_counts,
                         .dark_counts = o.eels.dark_counts,
                         .kind = DetectorKind::kSpectrum,
                         .pixels_x = o.axis.channels,
                         .channel_eV = o.axis.channel_eV,
                         .min_dwell_s = 1e-4,
                         .max_dwell_s = 100});
  d.max_fov_m = 1e-6;
  d.probe_m = LeastProbe_m(o.energy_eV, o.semiangle_rad);
  d.cannot = {"measure"};
  d.read_s = 1e-3;
  d.blank_s = o.blank_s;
  d.flyback_s = o.flyback_s;
  d.frame_overhead_s = o.frame_overhead_s;
  return d;
}

}  // namespace ronchi::hw
