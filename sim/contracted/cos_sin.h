// Cosine and sine of many phases at once: without branches, so that compilers make vectors of it.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "sim/real.h"

namespace ronchi::sim {

// cos x and sin x for |x| < 1e6, to the precision of Real. Reduced by multiples of π/2 in double
// precision (leaving less than 1e-10), then Taylor's series: at |r| ≤ π/4 the first terms left out
// are r^11/11! = 2e-9 and r^10/10! = 2e-8, below half a unit of single precision.
inline void CosSin(double x, Real* c, Real* s) {
  if constexpr (std::is_same_v<Real, double>) {
    *c = std::cos(x);
    *s = std::sin(x);
  } else {
    constexpr double kTwoOverPi = 0.63661977236758134308, kHalfPi = 1.57079632679489661923;
    constexpr double kRound = 6755399441055744.0;  // 1.5 · 2^52: adding it rounds to an integer
    const double quarters = (x * kTwoOverPi + kRound) - kRound;
    const float r = float(x - quarters * kHalfPi), r2 = r * r;
    const int32_t n = int32_t(quarters);
    const float cosine = 1 + r2 * (-1.0f / 2 + r2 * (1.0f / 24 + r2 * (-1.0f / 720 + r2 / 40320)));
    const float sine =
        r * (1 + r2 * (-1.0f / 6 + r2 * (1.0f / 120 + r2 * (-1.0f / 5040 + r2 / 362880))));
    const float c0 = n & 1 ? sine : cosine, s0 = n & 1 ? cosine : sine;
    *c = (n + 1) & 2 ? -c0 : c0;
    *s = n & 2 ? -s0 : s0;
  }
}

}  // namespace ronchi::sim
