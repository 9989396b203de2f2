#include "core/work_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>

namespace ronchi {
namespace {

TEST(WorkQueue, DoesEveryPieceOnceAndHandsItBack) {
  for (const size_t threads : {1, 2, 5}) {
    for (const bool ordered : {false, true}) {
      constexpr size_t kPieces = 100;
      std::vector<std::atomic<int>> done(kPieces);
      WorkQueue queue(kPieces, threads, ordered, [&](size_t i) { ++done[i]; });
      std::vector<size_t> all(kPieces);
      std::iota(all.begin(), all.end(), size_t{0});
      std::reverse(all.begin(), all.end());
      for (int round = 1; round <= 20; ++round) {
        queue.Give(all);
        EXPECT_EQ(queue.under_way(), kPieces);
        std::vector<size_t> taken(kPieces);
        queue.Take(std::span(taken).first(33));
        EXPECT_EQ(queue.under_way(), kPieces - 33);
        queue.Take(std::span(taken).subspan(33));
        EXPECT_EQ(queue.under_way(), 0u);
        if (ordered) {
          EXPECT_EQ(taken, all);
        } else {
          std::sort(taken.begin(), taken.end(), std::greater<>());
          EXPECT_EQ(taken, all);
        }
        for (const auto& n : done) EXPECT_EQ(n, round);
      }
    }
  }
}

// A piece that has begun is finished, the rest is dropped; nothing hangs.
TEST(WorkQueue, EndsWithWorkUnderWay) {
  std::atomic<int> done = 0;
  {
    WorkQueue queue(1000, 2, false, [&](size_t) { ++done; });
    std::vector<size_t> all(1000);
    std::iota(all.begin(), all.end(), size_t{0});
    queue.Give(all);
  }
  EXPECT_LE(done, 1000);
}

TEST(WorkQueue, KnowsWhatIsUnderWay) {
  std::atomic<bool> go = false;
  WorkQueue queue(3, 1, false, [&](size_t) { go.wait(false); });
  queue.Give(std::vector<size_t>{1});
  EXPECT_TRUE(queue.IsUnderWay(1));
  EXPECT_FALSE(queue.IsUnderWay(0));
  go = true;
  go.notify_all();
  size_t taken[1];
  queue.Take(taken);
  EXPECT_EQ(taken[0], 1u);
  EXPECT_FALSE(queue.IsUnderWay(1));
}

}  // namespace
}  // namespace ronchi
