#include "core/parallel.h"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace ronchi {
namespace {
std::unique_ptr<tbb::global_control>& Control() {
  static std::unique_ptr<tbb::global_control> control;
  return control;
}
int g_threads = 0;

#ifdef __SANITIZE_THREAD__
// Debian's oneTBB is not compiled for the thread sanitizer, which then sees none of its hand-overs
// and reports races that are none. Plain threads show it what our own code does.
template <class Run>
void RunBlocks(size_t blocks, const Run& run) {
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < std::max(2, Threads()); ++t) {
    threads.emplace_back([&] {
      for (size_t b; (b = next++) < blocks;) run(b);
    });
  }
  for (std::thread& thread : threads) thread.join();
}
#else
template <class Run>  // no std::function: a loop does not allocate
void RunBlocks(size_t blocks, const Run& run) {
  tbb::parallel_for(
      tbb::blocked_range<size_t>(0, blocks, 1),
      [&](const tbb::blocked_range<size_t>& r) {
        for (size_t b = r.begin(); b != r.end(); ++b) run(b);
      },
      tbb::simple_partitioner());
}
#endif
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
  RunBlocks((n + grain - 1) / grain,
            [&](size_t b) { body(b * grain, std::min(n, (b + 1) * grain)); });
}

}  // namespace ronchi
