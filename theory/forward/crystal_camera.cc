// The way of a crystal's pattern between its reciprocal lattice and a camera's pixels.
#include <algorithm>
#include <cmath>

#include "theory/forward/crystal_pattern.h"

namespace ronchi::theory {
namespace {

// Bilinear, zero outside.
double SampleBilinear(std::span<const double> plane, size_t nx, size_t ny, double x, double y) {
  const double fx = std::floor(x), fy = std::floor(y), tx = x - fx, ty = y - fy;
  double sum = 0;
  for (int a : {0, 1}) {
    for (int b : {0, 1}) {
      const double i = fx + a, j = fy + b, w = (a ? tx : 1 - tx) * (b ? ty : 1 - ty);
      if (w == 0 || i < 0 || j < 0 || i >= double(nx) || j >= double(ny)) continue;
      sum += w * plane[size_t(i) * ny + size_t(j)];
    }
  }
  return sum;
}

std::array<double, 2> TurnedAngle(std::array<double, 2> v, double rad) {
  return {std::cos(rad) * v[0] - std::sin(rad) * v[1], std::sin(rad) * v[0] + std::cos(rad) * v[1]};
}

}  // namespace

std::vector<double> CrystalPattern::OntoCamera(std::span<const double> lattice,
                                               const PatternState& s) const {
  const PatternCamera& c = options_.camera;
  const std::array<double, 2> step = {wavelength_A_ / box_A_[0], wavelength_A_ / box_A_[1]};
  std::array<int, 2> parts;  // of a pixel, no wider than the lattice's spacing
  for (size_t a : {size_t(0), size_t(1)}) {
    parts[a] = std::max(1, int(std::ceil(c.step_rad[a] / step[a] - 0.01)));
  }
  const double share = c.step_rad[0] * c.step_rad[1] / (step[0] * step[1]) / (parts[0] * parts[1]);
  std::vector<double> out(c.pixels[0] * c.pixels[1]);
  for (size_t i = 0; i < c.pixels[0]; ++i) {
    for (size_t j = 0; j < c.pixels[1]; ++j) {
      double sum = 0;
      for (int p = 0; p < parts[0] * parts[1]; ++p) {
        const double u = double(i) + (p / parts[1] + 0.5) / parts[0] - 0.5;
        const double v = double(j) + (p % parts[1] + 0.5) / parts[1] - 0.5;
        const auto at = TurnedAngle({c.offset_rad[0] + u * c.step_rad[0] - s.center_rad[0],
                                     c.offset_rad[1] + v * c.step_rad[1] - s.center_rad[1]},
                                    -s.rotation_rad);
        // Round-off of a camera whose pixels are the lattice's points is none of it.
        const auto index = [&](size_t a) {
          const double x = at[a] / step[a] + reach_[a];
          return std::fabs(x - std::round(x)) < 1e-6 ? std::round(x) : x;
        };
        sum += SampleBilinear(lattice, size_t(2 * reach_[0] + 1), size_t(2 * reach_[1] + 1),
                              index(0), index(1));
      }
      out[i * c.pixels[1] + j] = sum * share;
    }
  }
  return out;
}

std::vector<double> CrystalPattern::OntoLattice(std::span<const double> camera,
                                                const PatternState& s) const {
  const PatternCamera& c = options_.camera;
  std::vector<double> out;
  const double area =
      wavelength_A_ * wavelength_A_ / (box_A_[0] * box_A_[1] * c.step_rad[0] * c.step_rad[1]);
  for (int i = -reach_[0]; i <= reach_[0]; ++i) {
    for (int j = -reach_[1]; j <= reach_[1]; ++j) {
      const auto at = TurnedAngle({i * wavelength_A_ / box_A_[0], j * wavelength_A_ / box_A_[1]},
                                  s.rotation_rad);
      std::array<double, 2> index;
      for (size_t a : {size_t(0), size_t(1)}) {
        index[a] = (at[a] + s.center_rad[a] - c.offset_rad[a]) / c.step_rad[a];
        if (std::fabs(index[a] - std::round(index[a])) < 1e-6) index[a] = std::round(index[a]);
      }
      const bool seen = index[0] >= 0 && index[1] >= 0 && index[0] <= double(c.pixels[0] - 1) &&
                        index[1] <= double(c.pixels[1] - 1);
      out.push_back(
          seen ? area * SampleBilinear(camera, c.pixels[0], c.pixels[1], index[0], index[1]) : -1);
    }
  }
  return out;
}

}  // namespace ronchi::theory
