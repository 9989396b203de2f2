// Sums over pairs of beams that lie side by side: the inner loops of the contracted engine.
#pragma once

#include <cstddef>

#include "sim/contracted/pack.h"

namespace ronchi::sim {

// Stretches of M are padded with zeros to whole packs: no loop has a remainder. What is read of the
// amplitudes there counts for nothing, but must be there: arrays of beams hold kPack more.
constexpr size_t PaddedPairs(size_t n) { return (n + kPack - 1) / kPack * kPack; }

// Amplitudes a as k and b as k' = k − q, and the pairs' elements of M; parts apart.
struct PairStretch {
  const Real* __restrict ar, * __restrict ai, * __restrict br, * __restrict bi, * __restrict mr, * __restrict mi;

  // Adds Σ weight(i) a b* M over n (padded) pairs; weight gives a pack.
  template <class Weight>
  void Sum(size_t n, const Weight& weight, double* re, double* im) const {
    Pack sum_re{}, sum_im{};
    for (size_t i = 0; i < n; i += kPack) {
      const Pack a = Load(ar + i), c = Load(ai + i), b = Load(br + i), d = Load(bi + i);
      const Pack w = weight(i), pr = w * (a * b + c * d), pi = w * (c * b - a * d);
      const Pack x = Load(mr + i), y = Load(mi + i);
      sum_re += pr * x - pi * y;
      sum_im += pr * y + pi * x;
    }
    *re += sim::Sum(sum_re);
    *im += sim::Sum(sum_im);
  }
};

// The same with the adjoints of a and b to add to. These are apart from what is read, so that
// nothing written is read again here.
struct AdjointStretch : PairStretch {
  Real* __restrict kr, * __restrict ki, * __restrict or_, * __restrict oi;

  // Adds the adjoints of Re(W Σ weight(i) a b* M) and, as Sum does, the sum itself.
  template <class Weight>
  void Add(size_t n, Real wr, Real wi, const Weight& weight, double* re, double* im) const {
    Pack sum_re{}, sum_im{};
    for (size_t i = 0; i < n; i += kPack) {
      const Pack a = Load(ar + i), c = Load(ai + i), b = Load(br + i), d = Load(bi + i);
      const Pack w = weight(i), x = w * Load(mr + i), y = w * Load(mi + i);
      const Pack pr = a * b + c * d, pi = c * b - a * d;
      sum_re += pr * x - pi * y;
      sum_im += pr * y + pi * x;
      const Pack tr = wr * x - wi * y, ti = wr * y + wi * x;  // W M
      Store(Load(kr + i) + tr * b + ti * d, kr + i);          // (W M)* b
      Store(Load(ki + i) + tr * d - ti * b, ki + i);
      Store(Load(or_ + i) + tr * a - ti * c, or_ + i);  // W M a
      Store(Load(oi + i) + tr * c + ti * a, oi + i);
    }
    *re += sim::Sum(sum_re);
    *im += sim::Sum(sum_im);
  }
};

}  // namespace ronchi::sim
