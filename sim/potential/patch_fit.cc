#include "sim/potential/patch_fit.h"

#include <cmath>

#include "core/status.h"

namespace ronchi::sim {

PatchFit::PatchFit(size_t count)
    : centre_(0.5 * (double(count) - 1)), first_(1 / std::sqrt(double(count))), at_points_(count) {
  RONCHI_CHECK(count >= size_t(kTerms));
  // Of equidistant points: b_t² = t² (n² − t²) / (4 (4t² − 1)).
  for (int t = 1; t < kTerms; ++t) {
    const double t2 = double(t) * t;
    recur_[size_t(t)] = std::sqrt(t2 * (double(count) * double(count) - t2) / (4 * (4 * t2 - 1)));
  }
  for (size_t i = 0; i < count; ++i) at_points_[i] = At(double(i));
}

PatchFit::Terms PatchFit::At(double x) const {
  Terms p;
  const double u = x - centre_;
  p[0] = first_;
  p[1] = u * p[0] / recur_[1];
  for (size_t t = 1; t + 1 < kTerms; ++t) {
    p[t + 1] = (u * p[t] - recur_[t] * p[t - 1]) / recur_[t + 1];
  }
  return p;
}

}  // namespace ronchi::sim
