#include "core/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <memory>

namespace ronchi {
namespace {
std::unique_ptr<tbb::global_control>& Control() {
  static std::unique_ptr<tbb::global_control> control;
  return control;
}
int g_threads = 0;
}  // namespace

void SetThreads(int threads) {
  g_threads = std::max(0, threads);
  // Oversubscription is allowed on purpose: two threads on one core must give one thread's bytes.
  Control() = g_threads == 0 ? nullptr
                             : std::make_unique<tbb::global_control>(
                                   tbb::global_control::max_allowed_parallelism, size_t(g_threads));
}

int Threads() { return g_threads > 0 ? g_threads : tbb::info::default_concurrency(); }

void ParallelFor(size_t n, size_t grain, const std::function<void(size_t, size_t)>& body) {
  grain = std::max<size_t>(1, grain);
  if (n == 0) return;
  if (Threads() == 1 || n <= grain) {
    for (size_t i = 0; i < n; i += grain) body(i, std::min(n, i + grain));
    return;
  }
  tbb::parallel_for(
      tbb::blocked_range<size_t>(0, (n + grain - 1) / grain, 1),
      [&](const tbb::blocked_range<size_t>& r) {
        for (size_t b = r.begin(); b != r.end(); ++b) body(b * grain, std::min(n, (b + 1) * grain));
      },
      tbb::simple_partitioner());
}

}  // namespace ronchi
