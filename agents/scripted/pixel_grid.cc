#include "agents/scripted/pixel_grid.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace ronchi::agents {

std::vector<double> PixelGrid::Place(size_t pixel) const {
  const float x = (float(pixel % columns) + 0.5f) / float(columns);
  const float y = (float(pixel / columns) + 0.5f) / float(rows);
  return {2 * x - 1, 2 * y - 1};
}

std::vector<float> DistanceTo(const Array<float>& mask) {
  const PixelGrid grid(mask);
  std::vector<float> d(grid.size());
  for (size_t i = 0; i < d.size(); ++i) d[i] = mask[i] > 0 ? 0.0f : 1e6f;
  const int rows = int(grid.rows), columns = int(grid.columns);
  const auto pass = [&](int r, int c, int sign) {
    float& here = d[size_t(r) * grid.columns + size_t(c)];
    for (const auto& [dr, dc, cost] :
         {std::tuple{-1, 0, 1.0f}, {0, -1, 1.0f}, {-1, -1, 4.0f / 3}, {-1, 1, 4.0f / 3}}) {
      const int r2 = r + sign * dr, c2 = c + sign * dc;
      if (r2 < 0 || c2 < 0 || r2 >= rows || c2 >= columns) continue;
      here = std::min(here, d[size_t(r2) * grid.columns + size_t(c2)] + cost);
    }
  };
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) pass(r, c, 1);
  for (int r = rows - 1; r >= 0; --r)
    for (int c = columns - 1; c >= 0; --c) pass(r, c, -1);
  return d;
}

std::vector<float> GradientOf(const Array<float>& image) {
  const PixelGrid grid(image);
  const int rows = int(grid.rows), columns = int(grid.columns);
  std::vector<float> out(grid.size());
  const auto at = [&](int r, int c) {
    r = std::clamp(r, 0, rows - 1), c = std::clamp(c, 0, columns - 1);
    return image[size_t(r) * grid.columns + size_t(c)];
  };
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      out[size_t(r) * grid.columns + size_t(c)] =
          std::hypot(at(r, c + 1) - at(r, c - 1), at(r + 1, c) - at(r - 1, c)) / 2;
    }
  }
  return out;
}

}  // namespace ronchi::agents
