// Complex numbers (re, im, re, im …) by the register (GCC, Clang): a product with a conjugate is
// two shuffles of one factor, two products and a sum, also where one number is multiplied by two.
#pragma once

#include <complex>
#include <cstddef>
#include <utility>

#include "sim/real.h"

namespace ronchi::sim {

#if defined(__AVX512F__)
inline constexpr size_t kLaneBytes = 64;
#elif defined(__AVX__)
inline constexpr size_t kLaneBytes = 32;
#else
inline constexpr size_t kLaneBytes = 16;
#endif
inline constexpr size_t kLanes = kLaneBytes / sizeof(Real);  // reals in a register

using Lanes [[gnu::vector_size(kLaneBytes), gnu::may_alias]] = Real;

// The operations, by the number of each lane.
template <class Sequence>
struct LaneOperations;
template <int... i>
struct LaneOperations<std::integer_sequence<int, i...>> {
  static Lanes Re(Lanes v) { return __builtin_shufflevector(v, v, (i / 2 * 2)...); }
  static Lanes Im(Lanes v) { return __builtin_shufflevector(v, v, (i / 2 * 2 + 1)...); }
  static Lanes Swap(Lanes v) { return __builtin_shufflevector(v, v, (i ^ 1)...); }
  static Lanes Turn(Lanes v) { return Swap(v) * Lanes{Real(i % 2 ? -1 : 1)...}; }
};
using LaneWise = LaneOperations<std::make_integer_sequence<int, int(kLanes)>>;

inline Lanes SwapReIm(Lanes v) { return LaneWise::Swap(v); }
// −i v: (im, −re).
inline Lanes Turned(Lanes v) { return LaneWise::Turn(v); }
// v a*, with turned = Turned(v).
inline Lanes TimesConjugate(Lanes a, Lanes v, Lanes turned) {
  return LaneWise::Re(a) * v + LaneWise::Im(a) * turned;
}

// Complex numbers on kLaneBytes, as registers.
inline const Lanes* AsLanes(const std::complex<Real>* v) {
  return reinterpret_cast<const Lanes*>(v);
}
inline Lanes* AsLanes(std::complex<Real>* v) { return reinterpret_cast<Lanes*>(v); }

}  // namespace ronchi::sim
