// Where the probe truly stands on the specimen while a scan asks for its positions: rotation, scale
// and skew errors of the scan coils, white and 1/f noise from line to line, the mains' hum, and
// what a line's start still lacks of its flyback; the specimen moves on meanwhile.
//
// The flyback settles as a damped system: t after a raster's line begins the probe is behind by
//   (flyback_lag_A + flyback_lag_share · field) e^{−t/flyback_lag_s} cos(2π flyback_ring_Hz t)
// along the line. The scan coils' inductance makes the lag (Velazco, Nord, Béché & Verbeeck,
// Ultramicroscopy 215, 113021 (2020)), and one waits for it to decay (Mullarkey, Peters, Downing &
// Jones, Microsc. Microanal. 28, 1428 (2022)).
#pragma once

#include <array>
#include <functional>

#include "hw/instrument/command.h"
#include "hw/twin/base/hidden_numbers.h"
#include "sim/image_model.h"

namespace ronchi::hw {

// Of the coils: metres asked for → metres reached, both from the scan's origin.
// R(scan.rotation + error) · [[sx, sx·skew], [0, sy]].
std::array<double, 4> ScanMatrix(const HiddenNumbers& hidden, double rotation_rad);

struct ScanMoment {
  const Scan* scan = nullptr;
  double line_s = 0;        // from line to line
  double rotation_rad = 0;  // the property scan.rotation
  uint64_t frame = 0;       // of the episode: names the jitter's stream
  double time_s = 0;        // of the episode, when the frame begins
  // Å, of what lies under the scan's origin, by seconds since the frame began.
  std::function<std::array<double, 2>(double)> specimen_A;
  std::vector<std::array<double, 2>> wander_A = {};  // by line; empty: none
};
// Rows as an image engine draws them. A plain raster's lines run along x; of anything else each
// sample is a row of its own.
sim::LinearRaster MakeRows(const ScanMoment& moment, const HiddenNumbers& hidden);

}  // namespace ronchi::hw
