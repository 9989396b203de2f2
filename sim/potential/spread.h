// A point among grid points: the kernel by which sums over points at any places become sums over
// grid points (the non-uniform FFT of type 1: Dutt & Rokhlin, SIAM J. Sci. Comput. 14, 1368
// (1993)),
//   Σ_q c_q e^{−2πi k·r_q} ≈ FFT{Σ_q c_q φ(r − r_q)}(k) / φ̂(k),
// with the "exponential of semicircle" φ(x) = e^{β(√(1 − (2x/w)²) − 1)}, |x| < w/2 pixels (Barnett,
// Magland & af Klinteberg, SIAM J. Sci. Comput. 41, C479 (2019)). For frequencies below 1/ratio of
// Nyquist's the relative error is about e^{−πw√(1 − 1/ratio)}.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/grid.h"
#include "sim/real.h"

namespace ronchi::sim {

class SpreadKernel {
 public:
  static constexpr int kMaxWidth = 16;

  // width: grid points that a point reaches along an axis, 2 … kMaxWidth. ratio > 1: of Nyquist's
  // frequency to the highest that is wanted.
  SpreadKernel(int width, double ratio);

  int width() const { return width_; }

  // The weights along one axis of a point at `at` pixels; returns the first grid point, which may
  // lie off the grid (wrap it).
  int64_t Weights(double at_pixels, Real* weights) const {
    const double first = std::ceil(at_pixels - half_);
    double x = (first - at_pixels) / half_;
    for (int i = 0; i < width_; ++i, x += 1 / half_) {
      weights[i] = Real(std::exp(beta_ * (std::sqrt(std::max(0.0, 1 - x * x)) - 1)));
    }
    return int64_t(first);
  }

  // 1/φ̂ along an axis of n points, by index in FFT order.
  std::vector<double> Deconvolution(size_t n) const;

 private:
  int width_;
  double half_, beta_;
};

// The indices of `width` points of an axis of n, from `first` on, wrapped.
inline void WrapIndices(int64_t first, int width, size_t n, size_t* indices) {
  int64_t i = first % int64_t(n);
  if (i < 0) i += int64_t(n);
  for (int a = 0; a < width; ++a) {
    indices[a] = size_t(i);
    if (++i == int64_t(n)) i = 0;
  }
}

// A point's place on a grid: indices and weights along both axes.
struct SpreadPoint {
  std::array<size_t, SpreadKernel::kMaxWidth> ix, iy;
  std::array<Real, SpreadKernel::kMaxWidth> wx, wy;

  SpreadPoint(const SpreadKernel& kernel, const Grid& g, double x_A, double y_A) {
    WrapIndices(kernel.Weights(x_A / g.dx_A(), wx.data()), kernel.width(), g.nx, ix.data());
    WrapIndices(kernel.Weights(y_A / g.dy_A(), wy.data()), kernel.width(), g.ny, iy.data());
  }
};

// plane[nx, ny] += value · φ.
template <class Value>
void Spread(const SpreadPoint& p, int width, size_t ny, Value value, Value* plane) {
  for (int a = 0; a < width; ++a) {
    Value* row = plane + p.ix[a] * ny;
    const Value here = value * p.wx[a];
    if (p.iy[width - 1] == p.iy[0] + size_t(width) - 1) {  // no wrap: consecutive
      Value* at = row + p.iy[0];
      for (int b = 0; b < width; ++b) at[b] += here * p.wy[b];
    } else {
      for (int b = 0; b < width; ++b) row[p.iy[b]] += here * p.wy[b];
    }
  }
}

// Σ plane · φ: the adjoint of Spread.
template <class Value>
Value Gather(const SpreadPoint& p, int width, size_t ny, const Value* plane) {
  Value sum = 0;
  for (int a = 0; a < width; ++a) {
    const Value* row = plane + p.ix[a] * ny;
    Value line = 0;
    for (int b = 0; b < width; ++b) line += row[p.iy[b]] * p.wy[b];
    sum += line * p.wx[a];
  }
  return sum;
}

}  // namespace ronchi::sim
