#include "hw/workflow/tally.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "core/random.h"

namespace ronchi::hw::workflow {
namespace {

Rectangle Nanometre(double x, double y, double width, double height) {
  return {x * 1e-9, y * 1e-9, width * 1e-9, height * 1e-9};
}
void Put(Tally* tally, const Rectangle& where, double dose) { tally->Add({&where, 1}, dose); }

TEST(TallyOf, NeighboursDoNotAddUpAndOverlapsDo) {
  Tally t;
  EXPECT_EQ(t.Largest(), 0);
  Put(&t, Nanometre(0, 0, 4, 4), 3);
  Put(&t, Nanometre(4, 0, 4, 4), 5);  // side by side
  EXPECT_EQ(t.Largest(), 5);
  EXPECT_EQ(t.sum(), 8);
  Put(&t, Nanometre(3, 3, 2, 2), 10);  // over both
  EXPECT_EQ(t.Largest(), 15);
  t.AddAnywhere(100);
  EXPECT_EQ(t.Largest(), 115);
  EXPECT_EQ(t.sum(), 118);
  EXPECT_EQ(t.anywhere(), 100);
  // Cells far from there look at their own neighbourhood.
  const Rectangle away = Nanometre(50, 50, 1, 1), on_first = Nanometre(0, 0, 1, 1);
  EXPECT_EQ(t.LargestWith({&away, 1}, 2), 102);
  EXPECT_EQ(t.LargestWith({&on_first, 1}, 2), 105);
  EXPECT_EQ(t.places().size(), 3u);
}

// The largest sum by trying a point in each cell of the grid that all edges make.
TEST(TallyOf, TheLargestIsThatOfTheWorstPoint) {
  RandomStream random({.seed = 9, .name = "test.tally"});
  for (int round = 0; round < 50; ++round) {
    Tally t;
    std::vector<Rectangle> all;
    std::vector<double> doses, xs, ys;
    for (int i = 0; i < 12; ++i) {
      all.push_back(Nanometre(double(random.Below(10)), double(random.Below(10)),
                              1.0 + double(random.Below(5)), 1.0 + double(random.Below(5))));
      doses.push_back(1.0 + double(random.Below(7)));
      Put(&t, all.back(), doses.back());
    }
    double largest = 0;
    for (double x = 0.5; x < 16; ++x) {
      for (double y = 0.5; y < 16; ++y) {
        double sum = 0;
        for (size_t i = 0; i < all.size(); ++i) {
          const Rectangle& r = all[i];
          const bool in = x * 1e-9 > r.x_m && x * 1e-9 < r.x_m + r.width_m && y * 1e-9 > r.y_m &&
                          y * 1e-9 < r.y_m + r.height_m;
          sum += in ? doses[i] : 0;
        }
        largest = std::max(largest, sum);
      }
    }
    EXPECT_EQ(t.Largest(), largest);
  }
}

TEST(TallyOf, WaysAreJoinedPlaceByPlace) {
  Tally a, b;
  Put(&a, Nanometre(0, 0, 1, 1), 4);
  Put(&a, Nanometre(5, 0, 1, 1), 1);
  Put(&b, Nanometre(0, 0, 1, 1), 2);
  Put(&b, Nanometre(9, 0, 1, 1), 8);
  b.AddAnywhere(6);
  const auto joined = [&](auto join) {
    Tally t = a;
    (t.*join)(b);
    std::vector<double> doses;
    for (const auto& [key, dose] : t.places()) doses.push_back(dose);
    doses.push_back(t.anywhere());
    return doses;
  };
  EXPECT_EQ(joined(&Tally::JoinLarger), (std::vector<double>{4, 1, 8, 6}));
  EXPECT_EQ(joined(&Tally::JoinMean), (std::vector<double>{3, 0.5, 4, 3}));
  // What both have, in sum: a place of one alone may be 0 or gone.
  Tally smaller = a;
  smaller.JoinSmaller(b);
  EXPECT_EQ(smaller.sum(), 2);
}

TEST(TallyOf, WhatCameSinceIsTheDifference) {
  Tally before;
  Put(&before, Nanometre(0, 0, 1, 1), 4);
  Tally after = before;
  Put(&after, Nanometre(0, 0, 1, 1), 3);
  Put(&after, Nanometre(7, 0, 1, 1), 2);
  const Tally since = after.Since(before);
  EXPECT_EQ(since.sum(), 5);
  Tally again = before;
  again.AddScaled(since, 2);
  EXPECT_EQ(again.Largest(), 4 + 6);
  EXPECT_EQ(again.sum(), 14);
}

// No place can have had more than that: a bound that is no lower than what was put on one place.
TEST(TallyOf, CappedHoldsItsBound) {
  Tally t;
  for (int i = 0; i < 10; ++i) Put(&t, Nanometre(0.1 * i, 0, 1, 1), 3);
  EXPECT_EQ(t.Largest(), 30);
  const Tally capped = t.CappedAt(12);
  EXPECT_LE(capped.Largest(), 12 * (1 + 1e-9));
  EXPECT_GE(capped.Largest(), 3);
  EXPECT_EQ(t.CappedAt(50).Largest(), 30);
  Tally free;
  free.AddAnywhere(7);
  EXPECT_EQ(free.CappedAt(2).anywhere(), 2);
}

// Stops of one raster cannot fall together, however uncertain it is where it lies; points can.
TEST(Tally, StopsOfOneRasterCountOnce) {
  const std::vector<Rectangle> apart = {{0, 0, 1e-9, 1e-9}, {2e-9, 0, 1e-9, 1e-9}},
                               overlapping = {{3e-9, 0, 2e-9, 1e-9}, {0, 0, 4e-9, 1e-9}};
  const Scan raster{.pattern = ScanPattern::kRaster}, points{.pattern = ScanPattern::kPoints};
  EXPECT_EQ(PlacesOf(raster, apart).size(), 2u);
  EXPECT_EQ(PlacesOf(points, overlapping).size(), 2u);
  EXPECT_EQ(PlacesOf(Park{}, overlapping).size(), 2u);
  const std::vector<Rectangle> one = PlacesOf(raster, overlapping);
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].x_m, 0);
  EXPECT_DOUBLE_EQ(one[0].width_m, 5e-9);
  Tally tally;
  tally.Add(one, 7);
  EXPECT_EQ(tally.Largest(), 7);
}

}  // namespace
}  // namespace ronchi::hw::workflow
