// Sums over pairs of beams that lie side by side: the inner loops of the contracted engine.
#pragma once

#include <array>
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

  // Adds Σ (s(k) − s(k')) weight a b* M for each of N slopes s by beam, to lanes of [slope][re, im]
  // that are summed when all stretches are in.
  template <size_t N, class Weight>
  void SumSlopes(size_t n, const std::array<const Real*, N>& at_k,
                 const std::array<const Real*, N>& at_other, const Weight& weight,
                 std::array<DoublePack, 2 * N>* lanes) const {
    std::array<Pack, 2 * N> sums{};
    for (size_t i = 0; i < n; i += kPack) {
      const Pack a = Load(ar + i), c = Load(ai + i), b = Load(br + i), d = Load(bi + i);
      const Pack w = weight(i), pr = w * (a * b + c * d), pi = w * (c * b - a * d);
      const Pack x = Load(mr + i), y = Load(mi + i);
      const Pack u = pr * x - pi * y, v = pr * y + pi * x;
      for (size_t s = 0; s < N; ++s) {
        const Pack slope = Load(at_k[s] + i) - Load(at_other[s] + i);
        sums[2 * s] += slope * u;
        sums[2 * s + 1] += slope * v;
      }
    }
    for (size_t s = 0; s < 2 * N; ++s) {
      (*lanes)[s] += __builtin_convertvector(sums[s], DoublePack);
    }
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
