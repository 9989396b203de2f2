// The pass over M that images and derivatives share; internal to sim/contracted.
#pragma once

#include "sim/contracted/contracted.h"
#include "sim/contracted/pair_stretch.h"

namespace ronchi::sim {

// Where a probe is asked to stand, from the centre of the scan's transform.
inline std::array<double, 2> FromCenter(const ScanLines& scan, const ScanTransform& transform,
                                        size_t probe) {
  const auto& start = scan.starts_A[probe / scan.pixels];
  const double steps = double(probe % scan.pixels);
  return {start[0] + steps * scan.step_A[0] - transform.center_A[0],
          start[1] + steps * scan.step_A[1] - transform.center_A[1]};
}

template <class Weight>
void Contracted::Pass(const Workspace& w, const Weight& weight, double* re, double* im) const {
  const Real *ar = w.re_.data(), *ai = w.im_.data();
  for (size_t v = 0; v < values_; ++v) {
    const Real *mr = matrix_ + 2 * v * stride_, *mi = mr + stride_;
    for (size_t i = 0; i < differences_.size(); ++i) {
      double sum_re = 0, sum_im = 0;
      size_t at = first_[i];
      rows_.ForEachStretch(
          differences_[i].dh, differences_[i].dk, [&](size_t k, size_t other, size_t n) {
            const PairStretch stretch{ar + k, ai + k, ar + other, ai + other, mr + at, mi + at};
            stretch.Sum(
                PaddedPairs(n), [&](size_t j) { return weight(k + j, other + j); }, &sum_re,
                &sum_im);
            at += PaddedPairs(n);
          });
      *re++ = sum_re;
      *im++ = sum_im;
    }
  }
}

template <size_t N, class Weight>
void Contracted::SlopePass(const Workspace& w, const Real* slopes, const Weight& weight,
                           size_t apart, double* re, double* im) const {
  const Real *ar = w.re_.data(), *ai = w.im_.data();
  const size_t padded = rows_.beams + kPack;
  for (size_t v = 0; v < values_; ++v) {
    const Real *mr = matrix_ + 2 * v * stride_, *mi = mr + stride_;
    for (size_t i = 0; i < differences_.size(); ++i, ++re, ++im) {
      std::array<DoublePack, 2 * N> lanes{};
      size_t at = first_[i];
      rows_.ForEachStretch(
          differences_[i].dh, differences_[i].dk, [&](size_t k, size_t other, size_t n) {
            const PairStretch stretch{ar + k, ai + k, ar + other, ai + other, mr + at, mi + at};
            std::array<const Real*, N> at_k, at_other;
            for (size_t s = 0; s < N; ++s) {
              at_k[s] = slopes + s * padded + k;
              at_other[s] = slopes + s * padded + other;
            }
            stretch.template SumSlopes<N>(
                PaddedPairs(n), at_k, at_other, [&](size_t j) { return weight(k + j, other + j); },
                &lanes);
            at += PaddedPairs(n);
          });
      for (size_t s = 0; s < N; ++s) {
        re[s * apart] = sim::Sum(lanes[2 * s]);
        im[s * apart] = sim::Sum(lanes[2 * s + 1]);
      }
    }
  }
}

template <class Use>
void Contracted::WithEnvelope(const Workspace& w, double focal_spread_A, const Use& use) const {
  if (focal_spread_A <= 0) {
    use([](size_t, size_t) { return Pack{} + Real(1); });
    return;
  }
  const Real c = Real(FocalDamping(focal_spread_A));
  const Real* k2 = w.k2_.data();
  use([c, k2](size_t k, size_t other) {
    const Pack u = Load(k2 + k) - Load(k2 + other);
    return ExpMinus(c * u * u);
  });
}

}  // namespace ronchi::sim
