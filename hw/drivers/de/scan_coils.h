// A raster as DE-Server sets it: a range of voltages of the scan coils that is its field. Of de.cc.
#pragma once

#include "core/status.h"
#include "hw/instrument/command.h"

namespace ronchi::hw::de {

// What the scan card can put out.
inline constexpr double kMostVolts = 10;

struct ScanCoils {
  // Horizontal and vertical. The longer side of the raster has the whole range, the shorter one a
  // part of it about the middle, so that points are square.
  double h_min_V = -1, h_max_V = 1, v_min_V = -1, v_max_V = 1;
  double rotation_deg = 0;
};

// `full_field_m`: the side of the field from −1 V to 1 V. kCannot: points that are not square.
// kOutOfLimits: beyond the card.
absl::StatusOr<ScanCoils> ScanCoilsOf(const Scan& scan, double full_field_m);

}  // namespace ronchi::hw::de
