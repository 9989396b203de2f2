// A cache line of complex numbers (re, im, re, im …) as one vector (GCC, Clang): products with a
// conjugate take two shuffles of one factor, and none of the compilers finds that by itself.
#pragma once

#include <complex>
#include <cstddef>

#include "sim/real.h"

namespace ronchi::sim {

inline constexpr size_t kLanes = 64 / sizeof(Real);  // reals in a line

using Lanes [[gnu::vector_size(64), gnu::may_alias]] = Real;

namespace lanes_internal {
#ifdef RONCHI_DOUBLE
using Index [[gnu::vector_size(64)]] = long long;
inline constexpr Index kRe = {0, 0, 2, 2, 4, 4, 6, 6}, kIm = {1, 1, 3, 3, 5, 5, 7, 7},
                       kSwap = {1, 0, 3, 2, 5, 4, 7, 6};
inline constexpr Lanes kSign = {1, -1, 1, -1, 1, -1, 1, -1};
#else
using Index [[gnu::vector_size(64)]] = int;
inline constexpr Index kRe = {0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14},
                       kIm = {1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15},
                       kSwap = {1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14};
inline constexpr Lanes kSign = {1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1};
#endif
}  // namespace lanes_internal

inline Lanes SwapReIm(Lanes v) { return __builtin_shuffle(v, lanes_internal::kSwap); }
// −i times the conjugate's … (im, −re): with it, TimesConjugate is a product and a sum.
inline Lanes Turned(Lanes v) { return SwapReIm(v) * lanes_internal::kSign; }
// v a*, with turned = Turned(v).
inline Lanes TimesConjugate(Lanes a, Lanes v, Lanes turned) {
  return __builtin_shuffle(a, lanes_internal::kRe) * v +
         __builtin_shuffle(a, lanes_internal::kIm) * turned;
}

// Complex numbers on 64 bytes, as vectors.
inline const Lanes* AsLanes(const std::complex<Real>* v) {
  return reinterpret_cast<const Lanes*>(v);
}
inline Lanes* AsLanes(std::complex<Real>* v) { return reinterpret_cast<Lanes*>(v); }

}  // namespace ronchi::sim
