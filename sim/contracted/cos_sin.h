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

// e^{−x} for x ≥ 0: 2^n times the series of e^r, |r| ≤ ln 2/2; the first term left out is 1.2e-7.
inline Real ExpMinus(Real x) {
  if constexpr (std::is_same_v<Real, double>) {
    return std::exp(-x);
  } else {
    const float y = x > 87.0f ? -87.0f : -x;  // e^{−87} is the least normal number's size
    constexpr float kRound = 12582912.0f;     // 1.5 · 2^23
    const float n = (y * 1.44269504f + kRound) - kRound;
    const float r = (y - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts
    const float e =
        1 +
        r * (1 + r * (1.0f / 2 + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r / 720)))));
    return e * __builtin_bit_cast(float, (int32_t(n) + 127) << 23);
  }
}

}  // namespace ronchi::sim
