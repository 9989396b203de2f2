// The sampled plane on which waves live: nx × ny points over a periodic box, index [ix·ny + iy],
// x slow. Spatial frequencies follow the FFT's order. Lengths Å, frequencies 1/Å.
#pragma once

#include <algorithm>
#include <cstddef>

namespace ronchi::sim {

struct Grid {
  size_t nx = 0, ny = 0;
  double lx_A = 0, ly_A = 0;

  size_t size() const { return nx * ny; }
  double dx_A() const { return lx_A / double(nx); }
  double dy_A() const { return ly_A / double(ny); }
  double kx_per_A(size_t i) const { return Frequency(i, nx) / lx_A; }
  double ky_per_A(size_t j) const { return Frequency(j, ny) / ly_A; }
  // Waves are cut at 2/3 of the coarser axis' Nyquist frequency, against aliasing of ψ·T.
  double band_limit_per_A() const { return (2.0 / 3.0) / (2 * std::max(dx_A(), dy_A())); }
  bool operator==(const Grid&) const = default;

 private:
  static double Frequency(size_t i, size_t n) {
    return i < (n + 1) / 2 ? double(i) : double(i) - double(n);
  }
};

// The anti-alias aperture at |k|: 1, then a half cosine down to 0 at the band limit over a taper of
// 0.01/max(dx, dy), as abTEM does (Madsen & Susi, Open Res. Europe 1, 24 (2021)).
double BandLimitAperture(const Grid& grid, double k_per_A);

// The least number of points along a side that is `multiple` times a number of the form 2^a 3^b
// 5^c, which transforms are quick at, and not below `least`.
size_t FastPixels(size_t multiple, double least);

}  // namespace ronchi::sim
