#include "agents/scripted/pixel_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace ronchi::agents {
namespace {

TEST(PixelGridOfScripts, PlacesAreThePixelsMiddles) {
  const PixelGrid grid(Array<float>({2, 4}, 0.0f));
  EXPECT_EQ(grid.size(), 8u);
  EXPECT_EQ(grid.Place(0), (std::vector<double>{-0.75, -0.5}));
  EXPECT_EQ(grid.Place(3), (std::vector<double>{0.75, -0.5}));
  EXPECT_EQ(grid.Place(7), (std::vector<double>{0.75, 0.5}));
}

// Of one pixel the chamfer is the longer side plus a third of the shorter one: −5.7 … +5.4 % of
// Euclid's distance. Of several pixels it is the least of each.
TEST(PixelGridOfScripts, DistancesAreTheChamferOfTheNearest) {
  constexpr size_t kRows = 9, kColumns = 13;
  Array<float> mask({kRows, kColumns}, 0.0f);
  const std::pair<size_t, size_t> marked[] = {{1, 2}, {7, 11}};
  for (const auto& [r, c] : marked) mask(r, c) = 1;
  const std::vector<float> distance = DistanceTo(mask);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t c = 0; c < kColumns; ++c) {
      double chamfer = 1e9, euclid = 1e9;
      for (const auto& [r0, c0] : marked) {
        const double dr = std::abs(double(r) - double(r0)), dc = std::abs(double(c) - double(c0));
        chamfer = std::min(chamfer, std::max(dr, dc) + std::min(dr, dc) / 3);
        euclid = std::min(euclid, std::hypot(dr, dc));
      }
      EXPECT_NEAR(distance[r * kColumns + c], chamfer, 1e-5) << r << " " << c;
      EXPECT_LE(distance[r * kColumns + c], 1.0541 * euclid + 1e-5);
      EXPECT_GE(distance[r * kColumns + c], 0.9428 * euclid - 1e-5);
    }
  }
}

TEST(PixelGridOfScripts, NothingMarkedIsFarFromEverything) {
  for (float d : DistanceTo(Array<float>({3, 5}, 0.0f))) EXPECT_GE(d, 1e6f);
}

// A plane's gradient is its slope; at a border, where one neighbour is missing, half of it.
TEST(PixelGridOfScripts, GradientOfAPlane) {
  Array<float> plane({4, 5});
  for (size_t r = 0; r < 4; ++r) {
    for (size_t c = 0; c < 5; ++c) plane(r, c) = 3 * float(c) - 4 * float(r);
  }
  const std::vector<float> gradient = GradientOf(plane);
  EXPECT_FLOAT_EQ(gradient[1 * 5 + 2], 5);
  EXPECT_FLOAT_EQ(gradient[2 * 5 + 0], std::hypot(1.5f, 4.0f));
  EXPECT_FLOAT_EQ(gradient[3 * 5 + 1], std::hypot(3.0f, 2.0f));
  EXPECT_FLOAT_EQ(gradient[0], 2.5f);
}

}  // namespace
}  // namespace ronchi::agents
