// What a command will cost, from the description alone: the guard's and `ronchi check`'s forecast.
#pragma once

#include <limits>
#include <vector>

#include "hw/instrument/command.h"
#include "hw/instrument/description.h"
#include "hw/instrument/scan_path.h"

namespace ronchi::hw {

struct Cost {
  double time_s = 0;     // on the instrument's clock
  double electrons = 0;  // onto the specimen
  // Where they go: each rectangle receives this many e⁻/m² (all of it, also where they overlap).
  std::vector<Rectangle> where;
  double dose_e_per_m2 = 0;
};

// The side of the square on which a standing probe is booked.
double ProbeSize_m(const Description& description);
// `current_A` is the beam's. For a command that CheckCommand refuses the figures mean nothing.
// `where` is in the scan frame (hw/instrument/scan_path.h, OnSpecimen). Rotated fields are booked
// on their upright enclosure. A set costs its settling time, and the way at the greatest rate from
// `from_si` if that is finite.
Cost PredictCost(const Description& description, const Command& command, double current_A,
                 double from_si = std::numeric_limits<double>::quiet_NaN());

}  // namespace ronchi::hw
