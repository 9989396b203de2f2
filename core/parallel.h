// The one place where threads enter. Work is split over independent items; an item owns its
// scratch and writes only its own results, so any number of threads gives the same bytes.
#pragma once

#include <cstddef>
#include <functional>

namespace ronchi {

// At most this many threads from now on (0: all cores). Call it once, at start-up.
void SetThreads(int threads);
int Threads();

// Calls body(begin, end) over disjoint ranges that cover [0, n), each of at most `grain` items.
// Threads may run several ranges; scratch is best created in the body, once a range.
void ParallelFor(size_t n, size_t grain, const std::function<void(size_t, size_t)>& body);

}  // namespace ronchi
