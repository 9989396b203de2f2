// Units, signs and gains are proved, not believed: before a property is driven for the first time,
// its effect is measured. Where it stands is measured; it is set to where it stands, which may
// change nothing; it is set a small step further, which must change what is measured by that step,
// along that axis, and nothing else; it is set back. Until that has succeeded it is not driven.
//
// The commands of a proof go the same way as all others: through the guard and into the record, if
// these are within.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

struct Probe {
  std::string property;  // "optics.C12.a", "stage.x", "beam.shift.y"
  double step = 0;       // SI; safe to make, and well above the error of what measures it
  // One of Description::measurements that estimates it by its name without the group: C12.a. Empty:
  // by how far an image of the detector moves (of stage.x … and beam.shift.x …).
  std::string measurement;
  std::string detector;
  double fov_m = 0, dwell_s = 0;  // of the image, square; a step is well below half a period of it
  size_t pixels = 64;
};

struct ProveOptions {
  std::vector<Probe> probes;
  double gain_off = 0.2;  // a gain may be so far from 1, and as much of a step go elsewhere
  std::function<void(const std::string&)> on_event = nullptr;  // what was found, a line each
};

// What one proof has found.
struct Proof {
  std::string property;
  double gain = 0;         // of the effect against the step
  double uncertainty = 0;  // of the gain, one standard deviation
};

// Proves one property now, and leaves it where it stood. An error says what is wrong, as far as the
// effect tells (a turned sign, swapped axes, a unit, a gain, an offset, an effect that comes late):
// kRefused. Errors of the commands come as they are.
absl::StatusOr<Proof> Prove(Instrument* instrument, const Probe& probe, double gain_off);

// NotFound, InvalidArgument: a probe of what there is not, or of nothing that can be measured.
absl::StatusOr<std::unique_ptr<Instrument>> MakeProven(std::unique_ptr<Instrument> inner,
                                                       const ProveOptions& options);

}  // namespace ronchi::hw
