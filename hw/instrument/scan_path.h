// Where a scan puts the probe, and what area that is.
#pragma once

#include <array>
#include <vector>

#include "hw/instrument/command.h"

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
// The field that a frame looks at: the raster's, the spiral's disc, 1 Å² for each point.
double ScanField_m2(const Scan& scan);

// --- the dose of probes that do not come closer to each other than their size (docs/safety.md)
// Side of the square on which the electrons of a standing probe are counted, at least.
constexpr double kLeastProbe_m = 1e-10;
// Where the electrons of a scan come down. A raster's axis whose pixels are no further apart than
// the probe is wide is its field; of wider ones the probe's own size around where it stands, one
// rectangle a stop where stops are far apart (so that a pixel over a micrometre is a spot at its
// corner), one from the first stop to the last where they are not. Points: a square each. Spirals:
// the upright square around the disc.
std::vector<Rectangle> ScanPlaces(const Scan& scan, double probe_m = kLeastProbe_m);
// The area on which one frame's electrons make the dose of those places: along each axis the
// distance of stops or the size of the probe, whichever is less, times the stops.
double ScanArea_m2(const Scan& scan, double probe_m = kLeastProbe_m);

// From the scan frame to the specimen's: the property scan.rotation turns about the scan's origin,
// and the stage carries the specimen along.
struct SpecimenFrame {
  double rotation_rad = 0;
  double stage_x_m = 0, stage_y_m = 0;
  // How far off each of them may be.
  double rotation_off_rad = 0, stage_x_off_m = 0, stage_y_off_m = 0;
};
// The upright rectangle that encloses it there, wherever within those bounds the frame is.
Rectangle OnSpecimen(const Rectangle& r, const SpecimenFrame& frame);
// The same for any linear map (x, y) → (m0 x + m1 y, m2 x + m3 y) of the scan frame.
Rectangle Enclosure(const Rectangle& r, const std::array<double, 4>& matrix);

}  // namespace ronchi::hw
