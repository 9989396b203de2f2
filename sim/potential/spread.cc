#include "sim/potential/spread.h"

#include <cmath>
#include <numbers>

#include "core/status.h"

namespace ronchi::sim {

SpreadKernel::SpreadKernel(int width, double ratio) : width_(width), half_(0.5 * width) {
  RONCHI_CHECK(width >= 2 && width <= kMaxWidth && ratio > 1);
  // 0.97: the width of the transform's main lobe a little below the first frequency that wraps
  // (Barnett et al. 2019, sec. 4).
  beta_ = 0.97 * std::numbers::pi * width * (1 - 0.5 / ratio);
}

std::vector<double> SpreadKernel::Deconvolution(size_t n) const {
  // φ̂(ν) = ∫ φ(x) cos(2πνx) dx, ν cycles a pixel. With x = half · sin t the root is smooth, and the
  // trapezoidal rule converges geometrically; 200 steps leave 1e-14 for every width.
  constexpr int kSteps = 200;
  std::vector<double> out(n);
  for (size_t i = 0; i < n; ++i) {
    const double nu = (i < (n + 1) / 2 ? double(i) : double(i) - double(n)) / double(n);
    double sum = 0;
    for (int s = 0; s < kSteps; ++s) {
      const double t = std::numbers::pi * ((s + 0.5) / kSteps - 0.5);
      sum += std::exp(beta_ * (std::cos(t) - 1)) * std::cos(t) *
             std::cos(2 * std::numbers::pi * nu * half_ * std::sin(t));
    }
    out[i] = kSteps / (std::numbers::pi * half_ * sum);
  }
  return out;
}

}  // namespace ronchi::sim
