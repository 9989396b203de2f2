// Eight numbers worked on together (GCC's vector extension: one or two registers).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "sim/real.h"

// On processors whose registers are narrower than a pack GCC tells that passing one by value
// differs between builds for unlike processors. Packs never leave a translation unit: all of this
// is inline.
#pragma GCC diagnostic ignored "-Wpsabi"

namespace ronchi::sim {

constexpr size_t kPack = 8;
using Pack [[gnu::vector_size(kPack * sizeof(Real))]] = Real;
using DoublePack [[gnu::vector_size(kPack * sizeof(double))]] = double;

inline Pack Load(const Real* from) {
  Pack p;
  std::memcpy(&p, from, sizeof(p));
  return p;
}
inline void Store(const Pack& p, Real* to) { std::memcpy(to, &p, sizeof(p)); }
template <class AnyPack>
inline double Sum(const AnyPack& p) {
  double sum = 0;
  for (size_t l = 0; l < kPack; ++l) sum += p[l];
  return sum;
}

// e^{−x} for x ≥ 0: 2^n times the series of e^r, |r| ≤ ln 2/2; the first term left out is 1.2e-7.
inline Pack ExpMinus(const Pack& x) {
  if constexpr (std::is_same_v<Real, double>) {
    Pack out;
    for (size_t l = 0; l < kPack; ++l) out[l] = std::exp(-x[l]);
    return out;
  } else {
    using Bits [[gnu::vector_size(kPack * sizeof(int32_t))]] = int32_t;
    const Pack least = Pack{} - Real(87);  // e^{−87} is about the least normal number
    const Pack y = -x < least ? least : -x;
    constexpr Real kRound = 12582912;  // 1.5 · 2^23: adding it rounds to an integer
    const Pack n = (y * Real(1.44269504) + kRound) - kRound;
    const Pack r = (y - n * Real(0.693359375)) + n * Real(2.12194440e-4);  // ln 2 in two parts
    const Pack e =
        1 + r * (1 + r * (Real(1. / 2) +
                          r * (Real(1. / 6) +
                               r * (Real(1. / 24) + r * (Real(1. / 120) + r * Real(1. / 720))))));
    const Bits power = (__builtin_convertvector(n, Bits) + 127) << 23;
    Pack two_to_n;
    std::memcpy(&two_to_n, &power, sizeof(power));
    return e * two_to_n;
  }
}

}  // namespace ronchi::sim
