// Sums over pairs of beams that lie side by side: the inner loops of the contracted engine.
#pragma once

#include <cstddef>

#include "sim/real.h"

namespace ronchi::sim {

// Amplitudes a as k and b as k' = k − q, and the pairs' elements of M; parts apart.
struct PairStretch {
  const Real* __restrict ar, * __restrict ai, * __restrict br, * __restrict bi, * __restrict mr, * __restrict mi;

  // Adds Σ weight(i) a b* M over n pairs. Sixteen sums side by side, which the compiler keeps in
  // registers, then in double.
  template <class Weight>
  void Sum(size_t n, const Weight& weight, double* re, double* im) const {
    constexpr size_t kLanes = 16;
    Real lane_re[kLanes] = {}, lane_im[kLanes] = {};
    const auto term = [&](size_t i, size_t lane) {
      const Real pr = ar[i] * br[i] + ai[i] * bi[i], pi = ai[i] * br[i] - ar[i] * bi[i];
      const Real w = weight(i);
      lane_re[lane] += w * (pr * mr[i] - pi * mi[i]);
      lane_im[lane] += w * (pr * mi[i] + pi * mr[i]);
    };
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      for (size_t l = 0; l < kLanes; ++l) term(i + l, l);
    }
    for (size_t l = 0; i < n; ++i, ++l) term(i, l);
    for (size_t l = 0; l < kLanes; ++l) *re += lane_re[l], *im += lane_im[l];
  }
};

// The same with the adjoints of a and b to add to. These are apart from what is read, so that
// nothing written is read again here.
struct AdjointStretch : PairStretch {
  Real* __restrict kr, * __restrict ki, * __restrict or_, * __restrict oi;

  // Adds the adjoints of Re(W Σ weight(i) a b* M).
  template <class Weight>
  void Add(size_t n, Real wr, Real wi, const Weight& weight) const {
    for (size_t i = 0; i < n; ++i) {
      const Real e = weight(i), er = e * mr[i], ei = e * mi[i];
      const Real tr = wr * er - wi * ei, ti = wr * ei + wi * er;  // W M
      kr[i] += tr * br[i] + ti * bi[i];                           // (W M)* b
      ki[i] += tr * bi[i] - ti * br[i];
      or_[i] += tr * ar[i] - ti * ai[i];  // W M a
      oi[i] += tr * ai[i] + ti * ar[i];
    }
  }
};

}  // namespace ronchi::sim
