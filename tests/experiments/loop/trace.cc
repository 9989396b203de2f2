#include "experiments/loop/trace.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi {
namespace {

TEST(Trace, ColumnsStayAsLongAsTheTrace) {
  Trace t;
  EXPECT_TRUE(std::isnan(t.Last("a")));
  t.Begin(Array<float>({2, 3}));
  t.Put("a", 1);
  t.Begin(Array<float>({2, 3}));
  t.Put("late", 5);  // begins in the second row
  t.Begin(Array<float>({2, 3}));
  t.Put("a", 3);
  t.Put("a", 4);  // the later of two holds
  EXPECT_EQ(t.rows(), 3u);
  ASSERT_EQ(t["a"].size(), 3u);
  EXPECT_EQ(t["a"][0], 1);
  EXPECT_TRUE(std::isnan(t["a"][1]));
  EXPECT_EQ(t["a"][2], 4);
  ASSERT_EQ(t["late"].size(), 3u);
  EXPECT_TRUE(std::isnan(t["late"][0]));
  EXPECT_EQ(t["late"][1], 5);
  EXPECT_TRUE(std::isnan(t.Last("late")));
  EXPECT_EQ(t.Last("a"), 4);
  EXPECT_TRUE(t["nonesuch"].empty());
}

}  // namespace
}  // namespace ronchi
