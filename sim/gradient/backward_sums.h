// What the adjoint of multislice does between the transforms of its two passes: the conjugate
// planes, and the sums over both waves on the way. [kept: the forward wave; λ: the adjoint one.]
#pragma once

#include <algorithm>

#include "sim/fft.h"
#include "sim/gradient/lanes.h"
#include "sim/multislice_impl.h"

namespace ronchi::sim {

// One stretch of rows in the backward row pass: with the kept wave u and λ behind T, adds z = u* λ
// to `sum` and Re(z* dT) to the result, and makes T* λ of λ.
template <bool kSum, bool kScale>
double BackThroughSlice(const Complex* kept, const Complex* transmission, const Complex* by_scale,
                        Complex* rows, Complex* sums, size_t count) {
  const Lanes *u = AsLanes(kept), *t = AsLanes(transmission), *slope = AsLanes(by_scale);
  Lanes *lambda = AsLanes(rows), *sum = AsLanes(sums);
  // In single precision over 32 numbers a lane, then double.
  constexpr size_t kStretch = 32;
  const size_t lines = 2 * count / kLanes;
  double total = 0;
  for (size_t begin = 0; begin < lines; begin += kStretch) {
    const size_t end = std::min(lines, begin + kStretch);
    Lanes scale = {};
    for (size_t i = begin; i < end; ++i) {
      __builtin_prefetch(u + i + lines, 0, 2);  // the next rows, before their transform
      const Lanes l = lambda[i], turned = Turned(l);
      const Lanes z = TimesConjugate(u[i], l, turned);
      if constexpr (kScale) scale += z * slope[i];
      if constexpr (kSum) {
        __builtin_prefetch(sum + i + lines, 1, 2);
        sum[i] += z;
      }
      lambda[i] = TimesConjugate(t[i], l, turned);
    }
    if constexpr (kScale) {
      for (size_t c = 0; c < kLanes; ++c) total += scale[c];
    }
  }
  return total;
}

// Σ Im(λ ψ*) times 1, k_x and k_x² by column, over rows of eight columns; k_x in units of 1/L_x,
// small whole numbers, exact in single precision.
class ColumnSums {
 public:
  // On the way λ becomes p* λ.
  void AddRows(const Complex* kept, const Complex* propagator, size_t rows, Real k,
               Complex* column) {
    const Lanes *psi = AsLanes(kept), *p = AsLanes(propagator);
    Lanes* lambda = AsLanes(column);
    for (size_t i = 0; i < rows; ++i, k += 1) {
      for (size_t part = 0; part < kParts; ++part, ++psi, ++p, ++lambda) {
        __builtin_prefetch(psi + 2 * rows * kParts, 0, 2);  // of the next block
        const Lanes l = *lambda, product = l * SwapReIm(*psi);
        const Lanes q = product - SwapReIm(product);  // Im(λ ψ*) in odd lanes
        one_[part] += q;
        kx_[part] += k * q;
        kx2_[part] += k * k * q;
        *lambda = TimesConjugate(*p, l, Turned(l));
      }
    }
  }
  double one(size_t c) const { return one_[Part(c)][Lane(c)]; }
  double kx(size_t c) const { return kx_[Part(c)][Lane(c)]; }
  double kx2(size_t c) const { return kx2_[Part(c)][Lane(c)]; }

 private:
  static constexpr size_t kParts = 2 * kColumnBlock / kLanes;
  static size_t Part(size_t c) { return 2 * c / kLanes; }
  static size_t Lane(size_t c) { return (2 * c + 1) % kLanes; }
  Lanes one_[kParts] = {}, kx_[kParts] = {}, kx2_[kParts] = {};
};

}  // namespace ronchi::sim
