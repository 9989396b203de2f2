// The narrow waist: everything that can be driven is an Instrument, and everything that is asked
// of it is one of a closed set of typed commands (as LevelDB's Env is to files). The simulated
// twin, each driver and each wrapper is just another Instrument.
//
// Units: SI at this boundary, carried by Quantity. Frames: image positions are metres in the scan
// frame, x along a line (fast), y from line to line (slow). Signs: docs/conventions.md.
// Threads: an Instrument is called by one thread at a time.
#pragma once

#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "core/array.h"
#include "core/quantity.h"
#include "core/status.h"

namespace ronchi::hw {

// ---- What an instrument says of itself.

struct PropertyInfo {
  std::string name;  // canonical: "beam.current", "optics.C10", "optics.C12.a" …
  Dimension dimension = Dimension::kNone;
  double min = -std::numeric_limits<double>::infinity();  // SI, absolute
  double max = std::numeric_limits<double>::infinity();
  double max_step = std::numeric_limits<double>::infinity();  // largest single change, SI
  bool writable = false;
  std::string meaning;
};

struct DetectorInfo {
  std::string name;
  double inner_rad = 0, outer_rad = 0;  // collection angles
  double saturation_counts = std::numeric_limits<double>::infinity();
};

struct Description {
  std::string id;     // unique, e.g. "twin:uncorrected_200kV"
  std::string model;  // a line for people
  bool simulated = false;
  std::vector<PropertyInfo> properties;
  std::vector<DetectorInfo> detectors;
  double min_dwell_s = 0, max_dwell_s = std::numeric_limits<double>::infinity();
  double max_fov_m = std::numeric_limits<double>::infinity();
  size_t max_pixels = 4096;         // along either axis of a scan
  std::vector<std::string> cannot;  // verbs it does not have

  const PropertyInfo* FindProperty(std::string_view name) const;
  const DetectorInfo* FindDetector(std::string_view name) const;
};

// ---- The verbs.

struct Read {
  std::vector<std::string> properties;
};
struct Set {
  std::string property;
  Quantity value;
  bool relative = false;  // value is an increment
};
struct Scan {
  double center_x_m = 0, center_y_m = 0;
  double fov_x_m = 0, fov_y_m = 0;  // pixel i stands at center + (i/pixels - 1/2)·fov
  size_t pixels_x = 0, pixels_y = 0;
  double dwell_s = 0;  // per pixel and frame
  size_t frames = 1;   // one after the other over the same region
  std::vector<std::string> detectors;
};
struct Park {
  double x_m = 0, y_m = 0;
  double duration_s = 0;
};
struct Expose {
  std::string camera;
  double time_s = 0;
};
struct Measure {
  std::string what;
};
struct Blank {};
struct Unblank {};
struct Safe {};   // blank, stop everything, leave optics as they are
struct Abort {};  // end what is running

using Command = std::variant<Read, Set, Scan, Park, Expose, Measure, Blank, Unblank, Safe, Abort>;

// The verb's name as in logs and workflows: "read", "set", "scan" …
std::string VerbName(const Command& command);

// ---- The replies.

struct Reading {
  std::string property;
  Quantity value;
  double uncertainty = 0;  // one standard deviation, SI; 0: not known
};
struct Frame {
  std::string detector;
  Array<float> counts;  // [pixels_y, pixels_x], detector counts (after gain and offset)
};
struct Reply {
  double time_s = 0;              // the instrument's clock when the command ended
  double elapsed_s = 0;           // what the command took on that clock
  double electrons = 0;           // that reached the specimen during the command
  double dose_e_per_m2 = 0;       // electrons per area scanned; 0 for other verbs
  bool blanked = true;            // confirmed state after the command
  std::vector<Reading> readings;  // read: as asked; set: the value read back
  std::vector<Frame> frames;      // scan: frame-major, then detectors in the order asked
};

class GroundTruth;  // hw/ground_truth.h

class Instrument {
 public:
  virtual ~Instrument() = default;
  virtual const Description& description() const = 0;
  // NotFound: no such property or detector. OutOfRange: a value beyond the limits (the message
  // says which). Unimplemented: a verb it does not have. FailedPrecondition: blanked, say.
  // Unavailable: retry may help. After any error the instrument's state is as before the command,
  // or the message says otherwise.
  virtual absl::StatusOr<Reply> Execute(const Command& command) = 0;
  // What only a simulation can know; nullptr on every real instrument.
  virtual GroundTruth* ground_truth() { return nullptr; }
};

}  // namespace ronchi::hw
