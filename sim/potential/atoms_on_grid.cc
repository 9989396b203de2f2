#include "sim/potential/atoms_on_grid.h"

#include <cmath>

namespace ronchi::sim {

GridShares ShareOnGrid(const Atom& a, const Grid& g) {
  // Atoms within 1e-6 of a grid point stand on it: files write 1.9525 for 32 pixels exactly.
  auto split = [](double v, double* fraction) {
    double base = std::floor(v + 1e-6);
    *fraction = std::max(0.0, v - base);
    return int64_t(base);
  };
  double fx, fy;
  const int64_t ix = split(a.x_A / g.dx_A(), &fx), iy = split(a.y_A / g.dy_A(), &fy);
  auto wrap = [](int64_t v, size_t n) {
    return size_t(((v % int64_t(n)) + int64_t(n)) % int64_t(n));
  };
  const size_t x0 = wrap(ix, g.nx), x1 = wrap(ix + 1, g.nx);
  const size_t y0 = wrap(iy, g.ny), y1 = wrap(iy + 1, g.ny);
  return {{x0 * g.ny + y0, x1 * g.ny + y0, x0 * g.ny + y1, x1 * g.ny + y1},
          {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy}};
}

GridShareSlopes ShareSlopes(const GridShares& at, const Grid& g) {
  const auto& s = at.share;
  const double low_y = s[0] + s[1], high_y = s[2] + s[3];  // 1 − f_y and f_y
  const double low_x = s[0] + s[2], high_x = s[1] + s[3];
  const double ix = 1 / g.dx_A(), iy = 1 / g.dy_A();
  return {{-low_y * ix, low_y * ix, -high_y * ix, high_y * ix},
          {-low_x * iy, -high_x * iy, low_x * iy, high_x * iy}};
}

double SharingBlur(const Grid& g, double kx, double ky) {
  const double kappa = std::hypot(kx * g.dx_A(), ky * g.dy_A());
  return kappa > 0 ? std::sin(kappa) / kappa : 1;
}

ProjectedAtom ProjectAtom(const Atom& a, const Grid& g) {
  const int64_t period_x = std::llround(g.lx_A * 1e6), period_y = std::llround(g.ly_A * 1e6);
  auto wrap = [](int64_t v, int64_t period) { return ((v % period) + period) % period; };
  return {a.z, wrap(std::llround(a.x_A * 1e6), period_x), wrap(std::llround(a.y_A * 1e6), period_y),
          std::llround(a.occupancy * 1e9)};
}

}  // namespace ronchi::sim
