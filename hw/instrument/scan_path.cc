#include "hw/instrument/scan_path.h"

#include <algorithm>
#include <cmath>

namespace ronchi::hw {

std::array<size_t, 2> ScanShape(const Scan& scan) {
  switch (scan.pattern) {
    case ScanPattern::kPoints:
      return {1, scan.points_m.size()};
    case ScanPattern::kSpiral:
      return {1, scan.pixels_x};
    case ScanPattern::kRaster:
      break;
  }
  return {scan.pixels_y, scan.pixels_x};
}

double SpiralTurns(const Scan& scan) {
  return scan.turns > 0 ? scan.turns : std::sqrt(double(scan.pixels_x) / M_PI);
}

std::vector<std::array<double, 2>> ScanPositions(const Scan& s) {
  std::vector<std::array<double, 2>> at;
  const auto [lines, samples] = ScanShape(s);
  at.reserve(lines * samples);
  if (s.pattern == ScanPattern::kPoints) {
    for (const auto& p : s.points_m) at.push_back({s.center_x_m + p[0], s.center_y_m + p[1]});
    return at;
  }
  if (s.pattern == ScanPattern::kSpiral) {
    const double radius = s.fov_x_m / 2, turns = SpiralTurns(s);
    for (size_t i = 0; i < samples; ++i) {
      const double r = std::sqrt((double(i) + 0.5) / double(samples));
      const double phi = s.rotation_rad + 2 * M_PI * turns * r;
      at.push_back(
          {s.center_x_m + radius * r * std::cos(phi), s.center_y_m + radius * r * std::sin(phi)});
    }
    return at;
  }
  const double c = std::cos(s.rotation_rad), n = std::sin(s.rotation_rad);
  for (size_t j = 0; j < lines; ++j) {
    for (size_t i = 0; i < samples; ++i) {
      const double x = (double(i) / double(s.pixels_x) - 0.5) * s.fov_x_m;
      const double y = (double(j) / double(s.pixels_y) - 0.5) * s.fov_y_m;
      at.push_back({s.center_x_m + c * x - n * y, s.center_y_m + n * x + c * y});
    }
  }
  return at;
}

Rectangle ScanFootprint(const Scan& s) {
  if (s.pattern == ScanPattern::kPoints) {
    if (s.points_m.empty()) return {};
    double x0 = s.points_m[0][0], x1 = x0, y0 = s.points_m[0][1], y1 = y0;
    for (const auto& p : s.points_m) {
      x0 = std::min(x0, p[0]);
      x1 = std::max(x1, p[0]);
      y0 = std::min(y0, p[1]);
      y1 = std::max(y1, p[1]);
    }
    return {s.center_x_m + x0, s.center_y_m + y0, x1 - x0, y1 - y0};
  }
  double width = s.fov_x_m, height = s.fov_y_m;
  if (s.pattern == ScanPattern::kRaster && s.rotation_rad != 0) {
    const double c = std::fabs(std::cos(s.rotation_rad)), n = std::fabs(std::sin(s.rotation_rad));
    width = c * s.fov_x_m + n * s.fov_y_m;
    height = n * s.fov_x_m + c * s.fov_y_m;
  }
  return {s.center_x_m - width / 2, s.center_y_m - height / 2, width, height};
}

double ScanField_m2(const Scan& s) {
  switch (s.pattern) {
    case ScanPattern::kPoints:
      return double(s.points_m.size()) * kLeastProbe_m * kLeastProbe_m;
    case ScanPattern::kSpiral:
      return M_PI / 4 * s.fov_x_m * s.fov_x_m;
    case ScanPattern::kRaster:
      break;
  }
  return s.fov_x_m * s.fov_y_m;
}

namespace {

// Further apart than two cells of the dose ledger, so that no cell belongs to two stops.
constexpr double kFarApart_m = 2e-9;
constexpr size_t kMostSpots = 1024;

// One axis of a raster: where its electrons come down, from its middle, and over which length.
struct ScanAxis {
  double first_m, pitch_m, probe_m;
  size_t stops;
  ScanAxis(double fov_m, size_t pixels, double probe)
      : first_m(-fov_m / 2),
        pitch_m(fov_m / double(std::max<size_t>(pixels, 1))),
        probe_m(probe),
        stops(pixels) {}
  bool far_apart() const { return stops > 1 && pitch_m > probe_m + kFarApart_m; }
  double Length_m() const {
    return std::max(pitch_m <= probe_m ? -2 * first_m : double(stops) * probe_m, probe_m);
  }
  // [from, to] of all stops together, or of each.
  std::vector<std::array<double, 2>> Parts(bool each) const {
    std::vector<std::array<double, 2>> parts;
    if (each) {
      for (size_t i = 0; i < stops; ++i) {
        const double at = first_m + double(i) * pitch_m;
        parts.push_back({at - probe_m / 2, at + probe_m / 2});
      }
      return parts;
    }
    const double last = first_m + double(stops - 1) * pitch_m;
    if (stops > 1 && pitch_m <= probe_m && -2 * first_m >= probe_m) {
      return {{first_m - pitch_m / 2, -first_m - pitch_m / 2}};  // half a pixel around each stop
    }
    if (pitch_m <= probe_m && stops > 1) {  // all of it within a probe
      const double middle = (first_m + last) / 2;
      return {{middle - probe_m / 2, middle + probe_m / 2}};
    }
    return {{first_m - probe_m / 2, last + probe_m / 2}};
  }
};

std::array<double, 4> Turn(double rad) {
  if (rad == 0) return {1, 0, 0, 1};
  return {std::cos(rad), -std::sin(rad), std::sin(rad), std::cos(rad)};
}

std::vector<Rectangle> RasterPlaces(const Scan& s, double probe_m) {
  const ScanAxis x(s.fov_x_m, s.pixels_x, probe_m), y(s.fov_y_m, s.pixels_y, probe_m);
  const size_t nx = x.far_apart() ? x.stops : 1, ny = y.far_apart() ? y.stops : 1;
  const bool each = nx <= kMostSpots && ny <= kMostSpots / nx;
  std::vector<Rectangle> places;
  for (const auto& [y0, y1] : y.Parts(each && y.far_apart())) {
    for (const auto& [x0, x1] : x.Parts(each && x.far_apart())) {
      Rectangle r = Enclosure({x0, y0, x1 - x0, y1 - y0}, Turn(s.rotation_rad));
      places.push_back({r.x_m + s.center_x_m, r.y_m + s.center_y_m, r.width_m, r.height_m});
    }
  }
  return places;
}

// Archimedes' spiral of hw/instrument/scan_path.h: turns lie R/T apart, stops πTR/n along them, or
// R/2n and more where there is less than a turn.
double SpiralArea_m2(const Scan& s, double probe_m) {
  const double radius = s.fov_x_m / 2, turns = SpiralTurns(s), n = double(s.pixels_x);
  const double across = radius / turns;
  const double along = turns >= 1 ? M_PI * turns * radius / n
                                  : std::hypot(M_PI * turns * radius / n, radius / (2 * n));
  return std::max(n * std::min(along, probe_m) * std::min(across, probe_m), probe_m * probe_m);
}

}  // namespace

Rectangle Enclosure(const Rectangle& r, const std::array<double, 4>& m) {
  if (m == std::array<double, 4>{1, 0, 0, 1}) return r;  // to the bit
  const double x = r.x_m + r.width_m / 2, y = r.y_m + r.height_m / 2;
  const double width = std::fabs(m[0]) * r.width_m + std::fabs(m[1]) * r.height_m;
  const double height = std::fabs(m[2]) * r.width_m + std::fabs(m[3]) * r.height_m;
  return {m[0] * x + m[1] * y - width / 2, m[2] * x + m[3] * y - height / 2, width, height};
}

Rectangle OnSpecimen(const Rectangle& r, const SpecimenFrame& f) {
  Rectangle turned = Enclosure(r, Turn(f.rotation_rad));
  turned.x_m -= f.stage_x_m;
  turned.y_m -= f.stage_y_m;
  // Turned a little further, a point at the distance r from the origin moves by r · angle at most,
  // and by 2r however far it is turned.
  double turn = 0;
  if (f.rotation_off_rad > 0) {
    const double x = std::max(std::fabs(r.x_m), std::fabs(r.x_m + r.width_m));
    const double y = std::max(std::fabs(r.y_m), std::fabs(r.y_m + r.height_m));
    turn = std::hypot(x, y) * std::min(f.rotation_off_rad, 2.0);
  }
  const double off_x = turn + f.stage_x_off_m, off_y = turn + f.stage_y_off_m;
  return {turned.x_m - off_x, turned.y_m - off_y, turned.width_m + 2 * off_x,
          turned.height_m + 2 * off_y};
}

std::vector<Rectangle> ScanPlaces(const Scan& s, double probe_m) {
  if (s.pattern == ScanPattern::kRaster) return RasterPlaces(s, probe_m);
  std::vector<Rectangle> places;
  if (s.pattern == ScanPattern::kPoints) {
    for (const auto& p : ScanPositions(s)) {
      places.push_back({p[0] - probe_m / 2, p[1] - probe_m / 2, probe_m, probe_m});
    }
    return places;
  }
  const bool sparse = SpiralArea_m2(s, probe_m) < ScanField_m2(s) * (1 - 1e-9);  // round-off
  const double reach = s.fov_x_m / 2 + (sparse || s.fov_x_m < probe_m ? probe_m / 2 : 0);
  return {{s.center_x_m - reach, s.center_y_m - reach, 2 * reach, 2 * reach}};
}

double ScanArea_m2(const Scan& s, double probe_m) {
  switch (s.pattern) {
    case ScanPattern::kPoints:
      return double(s.points_m.size()) * probe_m * probe_m;
    case ScanPattern::kSpiral:
      return SpiralArea_m2(s, probe_m);
    case ScanPattern::kRaster:
      break;
  }
  const ScanAxis x(s.fov_x_m, s.pixels_x, probe_m), y(s.fov_y_m, s.pixels_y, probe_m);
  return x.Length_m() * y.Length_m();
}

}  // namespace ronchi::hw
