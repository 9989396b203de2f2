// What an instrument answers. SI units.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/quantity.h"

namespace ronchi::hw {

struct Reading {
  std::string property;
  Quantity value;
  double uncertainty = 0;  // one standard deviation, SI; 0: not known
  double time_s = 0;       // when it was read, on the instrument's clock
};
// Counts after gain and offset. Scanned detector: [pixels_y, pixels_x]; camera in a scan:
// [pixels_y, pixels_x, camera y, camera x]; camera exposed: [camera y, camera x]; spectrum
// likewise with one axis. Point lists and spirals are one line: pixels_y = 1. What an ended scan
// did not reach is NaN.
struct Frame {
  std::string detector;
  Array<float> counts;
};
// What was measured: numbers that belong together, with their covariance.
struct Estimate {
  std::string what;
  std::vector<std::string> names;  // "C10", "C12.a" …; "drift.x", "drift.y"
  std::vector<Quantity> values;
  std::vector<double> covariance;  // SI, row-major, names × names; empty: not known
};
enum class Ended {
  kComplete,
  kCancelled,  // by CancelToken or Abort
  kTimeout     // the time allowed was over
};
struct Reply {
  double time_s = 0;                // the instrument's clock when the command ended
  double elapsed_s = 0;             // what the command took on that clock
  double electrons = 0;             // that reached the specimen during the command
  double dose_e_per_m2 = 0;         // electrons per area scanned; of points, 1 Å² each; else 0
  bool blanked = true;              // confirmed state after the command
  std::vector<Reading> readings;    // read: as asked; set: the value read back
  std::vector<Frame> frames;        // scan: frame-major, then detectors in the order asked
  Ended ended = Ended::kComplete;   // of what was ended early, what there is so far is here
  std::vector<Estimate> estimates;  // measure
};

// A line of a scan as soon as it is there. `counts` is valid during the call.
struct ScanLine {
  size_t frame = 0;
  size_t line = 0;      // 0 … pixels_y − 1
  size_t detector = 0;  // index into Scan::detectors
  double time_s = 0;    // the instrument's clock at the end of the line
  std::span<const float> counts;
};
using LineSink = std::function<void(const ScanLine&)>;

}  // namespace ronchi::hw
