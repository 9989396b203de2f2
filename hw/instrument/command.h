// The verbs: the closed set of what can be asked of an instrument. SI units; positions in metres in
// the scan frame, x along a line (fast), y from line to line (slow).
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/quantity.h"

namespace ronchi::hw {

struct Read {
  std::vector<std::string> properties;
};
// Drives a property, waits until it stands and reads it back. A read-back that misses the target by
// more than the tolerance is an error (kOutOfTolerance).
struct Set {
  std::string property;
  Quantity value;
  bool relative = false;  // value is an increment
  double tolerance = 0;   // SI; 0: the property's resolution
  double timeout_s = 0;   // on the instrument's clock; 0: the instrument's own
};
enum class ScanPattern { kRaster, kPoints, kSpiral };
// Positions: hw/instrument/scan_path.h.
struct Scan {
  double center_x_m = 0, center_y_m = 0;
  double fov_x_m = 0, fov_y_m = 0;  // pixel i stands at center + (i/pixels - 1/2)·fov
  size_t pixels_x = 0, pixels_y = 0;
  double dwell_s = 0;  // per pixel and frame
  size_t frames = 1;   // one after the other over the same region
  std::vector<std::string> detectors;
  ScanPattern pattern = ScanPattern::kRaster;
  double rotation_rad = 0;  // raster and spiral: about the centre, from +x towards +y
  // kPoints: where, in this order, around the centre; field, pixels, rotation are not used.
  std::vector<std::array<double, 2>> points_m;
  // kSpiral: pixels_x points from the centre out to fov_x/2 (= fov_y/2), evenly dense; pixels_y is
  // 1. 0 turns: as many as make neighbours along and across the track equally far apart.
  double turns = 0;
};
struct Park {
  double x_m = 0, y_m = 0;
  double duration_s = 0;
};
// A pattern or spectrum of the probe standing at (x, y).
struct Expose {
  std::string camera;
  double time_s = 0;  // per frame
  double x_m = 0, y_m = 0;
  size_t frames = 1;
  size_t binning = 1;
};
struct Measure {
  std::string what;  // of Description::measurements
  double center_x_m = 0, center_y_m = 0;
  double fov_m = 0;  // side of the square that is looked at; 0: the measurement's own
};
struct Blank {};
struct Unblank {};
struct Safe {};   // blank, stop everything, leave optics as they are
struct Abort {};  // end what is running

using Command = std::variant<Read, Set, Scan, Park, Expose, Measure, Blank, Unblank, Safe, Abort>;

// The verb's name as in logs and workflows: "read", "set", "scan" …
std::string VerbName(const Command& command);
std::string_view VerbNameView(const Command& command);
// "raster", "points", "spiral".
std::string PatternName(ScanPattern pattern);

// Does it put electrons on the specimen? scan, park, expose; measure may.
bool Exposes(const Command& command);

}  // namespace ronchi::hw
