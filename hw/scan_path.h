// Where a scan puts the probe, and what area that is.
#pragma once

#include <array>
#include <vector>

#include "hw/command.h"

namespace ronchi::hw {

struct Rectangle {
  double x_m = 0, y_m = 0, width_m = 0, height_m = 0;  // (x, y): the corner of least x and y
};

// Of one frame: [lines, samples a line]. Point lists and spirals are one line.
std::array<size_t, 2> ScanShape(const Scan& scan);
// The samples of one frame, in order, metres in the scan frame.
// Raster: center + R(rotation)·((i/pixels_x − 1/2) fov_x, (j/pixels_y − 1/2) fov_y).
// Spiral: Archimedes' with even areal density, r_i = (fov/2) √((i + 1/2)/n), φ_i = rotation +
// 2π turns r_i/(fov/2).
std::vector<std::array<double, 2>> ScanPositions(const Scan& scan);
// The turns that a spiral makes: Scan::turns, or √(n/π) when that is 0.
double SpiralTurns(const Scan& scan);
// The upright rectangle that encloses the scan's field. Empty point lists: all zero.
Rectangle ScanFootprint(const Scan& scan);
// The area that one frame's electrons are spread over: the raster's field, the spiral's disc, 1 Å²
// for each point (as for a parked probe).
double ScanArea_m2(const Scan& scan);

}  // namespace ronchi::hw
