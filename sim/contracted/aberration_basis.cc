#include "sim/contracted/aberration_basis.h"

#include <algorithm>

namespace ronchi::sim {

constexpr size_t kTerms = kAberrationTerms.size();

AberrationBasis::AberrationBasis(std::span<const std::array<double, 2>> angles, double wavelength_A)
    : beams_(angles.size()), table_(2 * kTerms * angles.size()) {
  for (size_t t = 0; t < kTerms; ++t) {
    Aberrations cosine, sine;
    cosine.a_A[t] = 1;
    sine.b_A[t] = kAberrationTerms[t].m ? 1 : 0;
    for (size_t k = 0; k < beams_; ++k) {
      const auto [x, y] = angles[k];
      table_[2 * t * beams_ + k] = cosine.Chi(x, y, wavelength_A);
      table_[(2 * t + 1) * beams_ + k] = sine.Chi(x, y, wavelength_A);
    }
  }
}

void AberrationBasis::ComputeChi(const Aberrations& a, std::span<double> chi) const {
  std::fill(chi.begin(), chi.end(), 0.0);
  for (size_t i = 0; i < 2 * kTerms; ++i) {
    const double c = i % 2 ? a.b_A[i / 2] : a.a_A[i / 2];
    if (c == 0) continue;
    const double* column = table_.data() + i * beams_;
    for (size_t k = 0; k < beams_; ++k) chi[k] += c * column[k];
  }
}

Aberrations AberrationBasis::ComputeAdjoint(std::span<const double> by_chi) const {
  Aberrations out;
  for (size_t i = 0; i < 2 * kTerms; ++i) {
    const double* column = table_.data() + i * beams_;
    constexpr size_t kLanes = 8;
    double lane[kLanes] = {}, sum = 0;
    size_t k = 0;
    for (; k + kLanes <= beams_; k += kLanes) {
      for (size_t l = 0; l < kLanes; ++l) lane[l] += column[k + l] * by_chi[k + l];
    }
    for (; k < beams_; ++k) sum += column[k] * by_chi[k];
    for (double v : lane) sum += v;
    (i % 2 ? out.b_A : out.a_A)[i / 2] = sum;
  }
  return out;
}

}  // namespace ronchi::sim
