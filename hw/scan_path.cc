#include "hw/scan_path.h"

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

double ScanArea_m2(const Scan& s) {
  switch (s.pattern) {
    case ScanPattern::kPoints:
      return double(s.points_m.size()) * 1e-20;
    case ScanPattern::kSpiral:
      return M_PI / 4 * s.fov_x_m * s.fov_x_m;
    case ScanPattern::kRaster:
      break;
  }
  return s.fov_x_m * s.fov_y_m;
}

}  // namespace ronchi::hw
