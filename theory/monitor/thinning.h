// Moments of change that a test keeps, ever more thinly into the past.
#pragma once

#include <cstdint>

namespace ronchi::theory {

// Every second of the older half goes: spacing grows in proportion to age. `move(from, to)` carries
// what is kept of a moment to its new place. How many are left of `count`.
template <class Move>
int64_t ThinOlderHalf(int64_t count, const Move& move) {
  int64_t kept = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (i < count / 2 && i % 2 == 1) continue;
    move(i, kept++);
  }
  return kept;
}

}  // namespace ronchi::theory
