#include "core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <vector>

namespace ronchi {
namespace {

TEST(Parallel, RangesCoverEveryItemOnce) {
  for (int threads : {1, 2, 5}) {
    SetThreads(threads);
    EXPECT_EQ(Threads(), threads);
    for (const auto& [n, grain] :
         {std::pair<size_t, size_t>{0, 3}, {1, 3}, {3, 3}, {10, 3}, {1000, 1}, {1000, 7}, {5, 0}}) {
      std::vector<std::atomic<int>> visits(n);
      std::mutex mutex;
      std::set<std::pair<size_t, size_t>> ranges;
      ParallelFor(n, grain, [&, grain = grain](size_t begin, size_t end) {
        EXPECT_LT(begin, end);
        EXPECT_LE(end - begin, std::max<size_t>(1, grain));
        for (size_t i = begin; i < end; ++i) ++visits[i];
        const std::lock_guard<std::mutex> lock(mutex);
        ranges.insert({begin, end});
      });
      for (const auto& v : visits) EXPECT_EQ(v, 1);
      // The same ranges for any number of threads, so that scratch is cut alike.
      const size_t g = std::max<size_t>(1, grain);
      EXPECT_EQ(ranges.size(), (n + g - 1) / g);
      for (const auto& [begin, end] : ranges) {
        EXPECT_EQ(begin % g, 0u);
        EXPECT_EQ(end, std::min(n, begin + g));
      }
    }
  }
  SetThreads(0);
}

TEST(Parallel, LoopsMayStandInLoops) {
  SetThreads(2);
  std::vector<std::atomic<int>> visits(100);
  ParallelFor(10, 1, [&](size_t begin, size_t) {
    ParallelFor(10, 3, [&](size_t from, size_t to) {
      for (size_t i = from; i < to; ++i) ++visits[10 * begin + i];
    });
  });
  for (const auto& v : visits) EXPECT_EQ(v, 1);
  SetThreads(0);
}

TEST(Parallel, ZeroThreadsAreAllCores) {
  SetThreads(3);
  SetThreads(0);
  const int all = Threads();
  EXPECT_GE(all, 1);
  SetThreads(-4);
  EXPECT_EQ(Threads(), all);
}

}  // namespace
}  // namespace ronchi
