#include "sim/grid.h"

#include <cmath>
#include <numbers>

namespace ronchi::sim {

double BandLimitAperture(const Grid& grid, double k) {
  const double cutoff = grid.band_limit_per_A();
  const double taper = 0.01 / std::max(grid.dx_A(), grid.dy_A());
  if (k > cutoff) return 0;
  if (k <= cutoff - taper) return 1;
  return 0.5 * (1 + std::cos(std::numbers::pi * (k - cutoff + taper) / taper));
}

size_t FastPixels(size_t multiple, double least) {
  for (size_t n = size_t(std::ceil(least / double(multiple)));; ++n) {
    size_t m = n;
    for (size_t p : {2, 3, 5}) {
      while (m > 0 && m % p == 0) m /= p;
    }
    if (m == 1) return n * multiple;
  }
}

}  // namespace ronchi::sim
