#include "sim/contracted/aperture_rows.h"

#include <cmath>

#include "sim/physics/electron.h"

namespace ronchi::sim {

ApertureRows MakeApertureRows(const Grid& g, double energy_eV, double semiangle_rad) {
  const double reach = semiangle_rad / Wavelength_A(energy_eV) + 1 / std::min(g.lx_A, g.ly_A);
  const int half_x = int(g.band_limit_per_A() * g.lx_A);
  const int half_y = int(g.band_limit_per_A() * g.ly_A);
  ApertureRows out;
  for (int k = -half_y; k <= half_y; ++k) {
    int reach_h = -1;
    while (reach_h < half_x && std::hypot((reach_h + 1) / g.lx_A, k / g.ly_A) <= reach) ++reach_h;
    if (reach_h < 0) continue;
    out.rows.push_back({k, -reach_h, 2 * reach_h + 1, out.beams});
    out.beams += size_t(2 * reach_h + 1);
  }
  return out;
}

}  // namespace ronchi::sim
