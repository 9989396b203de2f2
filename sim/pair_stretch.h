// Sums over pairs of beams that lie side by side: the inner loop of the contracted engine.
#pragma once

#include <cstddef>

namespace ronchi::sim {

// Amplitudes a as k and b as k' = k − q, and the pairs' elements of M; parts apart.
struct PairStretch {
  const float* __restrict ar, * __restrict ai, * __restrict br, * __restrict bi, * __restrict mr, * __restrict mi;

  // Adds Σ weight(i) a b* M over n pairs. Sixteen sums side by side in single precision, which the
  // compiler keeps in registers, then in double.
  template <class Weight>
  void Sum(size_t n, const Weight& weight, double* re, double* im) const {
    constexpr size_t kLanes = 16;
    float lane_re[kLanes] = {}, lane_im[kLanes] = {};
    const auto term = [&](size_t i, size_t lane) {
      const float pr = ar[i] * br[i] + ai[i] * bi[i], pi = ai[i] * br[i] - ar[i] * bi[i];
      const float w = weight(i);
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

}  // namespace ronchi::sim
