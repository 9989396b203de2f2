#include "hw/drivers/de/scan_coils.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "hw/instrument/error.h"

namespace ronchi::hw::de {

absl::StatusOr<ScanCoils> ScanCoilsOf(const Scan& scan, double full_field_m) {
  const double step_x_m = scan.fov_x_m / double(scan.pixels_x);
  const double step_y_m = scan.fov_y_m / double(scan.pixels_y);
  constexpr double kSquare = 1e-6;
  if (!(std::fabs(step_x_m - step_y_m) <= kSquare * step_x_m)) {
    return MakeError({ErrorKind::kCannot,
                      absl::StrFormat("points %g nm apart along x and %g nm along y; the server's "
                                      "rasters have square points",
                                      step_x_m * 1e9, step_y_m * 1e9),
                      "ask for a field in the proportion of its pixels"});
  }
  const double volts_per_m = 2 / full_field_m;
  // Pixel i stands at (i/n − 1/2) of the field from its centre; the server's at (i − (n−1)/2)/n.
  const double c = std::cos(scan.rotation_rad), s = std::sin(scan.rotation_rad);
  const double half_x = -step_x_m / 2, half_y = -step_y_m / 2;
  const double middle_h = (scan.center_x_m + c * half_x - s * half_y) * volts_per_m;
  const double middle_v = (scan.center_y_m + s * half_x + c * half_y) * volts_per_m;
  const double half_V = std::max(scan.fov_x_m, scan.fov_y_m) * volts_per_m / 2;
  const double most_V = std::max(std::fabs(middle_h), std::fabs(middle_v)) + half_V;
  if (!(most_V <= kMostVolts)) {
    return MakeError(
        {ErrorKind::kOutOfLimits,
         absl::StrFormat("the scan needs %g V at the coils; allowed are %g, which is a "
                         "field of %g nm about the middle",
                         most_V, kMostVolts, kMostVolts * full_field_m * 1e9),
         "ask for a smaller field, or a smaller magnification"});
  }
  constexpr double kDegrees = 180 / M_PI;
  return ScanCoils{middle_h - half_V, middle_h + half_V, middle_v - half_V, middle_v + half_V,
                   scan.rotation_rad * kDegrees};
}

}  // namespace ronchi::hw::de
