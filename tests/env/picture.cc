// Canvas and Picture: every mark stands where it should, and what lies outside does no harm.
#include "env/picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "env/aberration_tuning.h"
#include "tests/support/column.h"

namespace ronchi::env {
namespace {

Rgb At(const Array<uint8_t>& pixels, int x, int y) {
  const size_t i = 3 * (size_t(y) * pixels.shape()[1] + size_t(x));
  return {pixels[i], pixels[i + 1], pixels[i + 2]};
}
size_t Count(const Array<uint8_t>& pixels, Rgb colour) {
  size_t n = 0;
  for (size_t i = 0; i < pixels.size(); i += 3) {
    n += Rgb{pixels[i], pixels[i + 1], pixels[i + 2]} == colour;
  }
  return n;
}
constexpr Rgb kBlack = {0, 0, 0}, kWhite = {255, 255, 255};

TEST(Canvas, LinesCirclesAndBoxesHaveTheirPixels) {
  Canvas c(21, 21, kBlack);
  c.Line(2, 3, 18, 3, kWhite);
  EXPECT_EQ(Count(c.pixels(), kWhite), 17u);
  Canvas d(21, 21, kBlack);
  d.Line(18, 17, 2, 1, kWhite);  // a diagonal, backwards
  EXPECT_EQ(Count(d.pixels(), kWhite), 17u);
  EXPECT_EQ(At(d.pixels(), 10, 9), kWhite);
  Canvas e(21, 21, kBlack);
  e.Circle(10, 10, 8, kWhite);
  for (const auto& [x, y] : {std::pair{18, 10}, {2, 10}, {10, 18}, {10, 2}}) {
    EXPECT_EQ(At(e.pixels(), x, y), kWhite);
  }
  for (int y = 0; y < 21; ++y) {
    for (int x = 0; x < 21; ++x) {
      const double r = std::hypot(x - 10, y - 10);
      // Half a pixel: each point of the circle is rounded to its nearest pixel in one direction.
      if (At(e.pixels(), x, y) == kWhite) {
        EXPECT_NEAR(r, 8, 0.5) << x << " " << y;
      }
    }
  }
  Canvas f(21, 21, kBlack);
  f.Frame(3, 4, 5, 6, kWhite);
  EXPECT_EQ(Count(f.pixels(), kWhite), 2u * 5 + 2 * 4);
  f.Disc(15, 15, 2, kWhite);
  EXPECT_EQ(At(f.pixels(), 15, 15), kWhite);
}

TEST(Canvas, WhatLiesOutsideIsLeftOut) {
  Canvas c(8, 8, kBlack);
  c.Line(-20, -20, 30, 30, kWhite);
  EXPECT_EQ(Count(c.pixels(), kWhite), 8u);
  c.Circle(100, 4, 3, kWhite);
  c.Box(-5, -5, 100, 6, kWhite);
  c.Text(-3, 5, "outside and long", kWhite, 3);
  c.Cross(0, 0, 50, kWhite);
  EXPECT_EQ(c.pixels().size(), 8u * 8 * 3);
  EXPECT_TRUE(c.EncodePng().ok());
}

TEST(Picture, AnImageFillsItsRectangleAndMarksFindTheirPixels) {
  const float image[] = {0, 1, 2, 3, 4, NAN};
  Picture p(20, 20);
  p.Image({2, 4, 12, 8}, image, {2, 3}, {.minimum = 0, .maximum = 4});
  const Array<uint8_t> pixels = p.Take();
  EXPECT_EQ(At(pixels, 2, 4), kBlack);
  EXPECT_EQ(At(pixels, 5, 7), kBlack);
  EXPECT_EQ(At(pixels, 6, 4).r, 64);  // 1 of 4 in 255 levels
  EXPECT_EQ(At(pixels, 9, 11), kWhite);
  EXPECT_EQ(At(pixels, 13, 11), (Rgb{255, 0, 255}));
  EXPECT_EQ(At(pixels, 1, 4), Picture::kBackground);
  EXPECT_EQ(At(pixels, 14, 4), Picture::kBackground);
  const auto [x, y] = Picture::PixelAt({2, 4, 12, 8}, {2, 3}, 1.5, 1.5);
  EXPECT_EQ(x, 8);
  EXPECT_EQ(y, 10);
}

TEST(Picture, BarsGrowFromZeroAndCurvesFromTheLeft) {
  Picture p(100, 100);
  p.Bar({0, 0, 100, 20}, "", 0.5, -1, 1);
  const Array<uint8_t> bar = p.Take();
  EXPECT_EQ(At(bar, 20, 15), Picture::kFaint);
  EXPECT_EQ(At(bar, 60, 15), Picture::kAccent);
  EXPECT_EQ(At(bar, 90, 15), Picture::kFaint);
  Picture q(100, 100);
  const double values[] = {0, 1, 0.5};
  q.Curve({0, 0, 100, 100}, "", values, 100);
  const Array<uint8_t> curve = q.Take();
  EXPECT_EQ(At(curve, 0, 99), Picture::kOther);        // the least, bottom left
  EXPECT_EQ(At(curve, 50, 50), Picture::kBackground);  // not yet
  EXPECT_GT(Count(curve, Picture::kAccent), 5u);       // the last point
  q.Curve({0, 0, 100, 100}, "nothing", {});
  const double infinite[] = {0, INFINITY};
  q.Curve({0, 0, 100, 100}, "not finite", infinite);
}

TEST(Picture, AberrationTuningShowsWhatItSees) {
  AberrationTuningOptions options;
  options.pixels = 24;
  const auto twin = *hw::MakeTwin(testing_support::TwinFromYaml(), 0);
  const auto task = *AberrationTuning::Create(twin.get(), options);
  ASSERT_TRUE(task->Reset(1).ok());
  const auto first = task->Render();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->shape(), (std::vector<size_t>{256, 448, 3}));
  std::set<uint8_t> greys;
  for (int x = 0; x < 256; ++x) greys.insert(At(*first, x, 128).g);
  EXPECT_GT(greys.size(), 10u);
  EXPECT_EQ(*first, *task->Render());
  ASSERT_TRUE(task->Step(std::vector<float>{6, 0, 0}).ok());
  EXPECT_NE(*first, *task->Render());
  const auto saved = task->Save();
  if (absl::IsUnimplemented(saved.status())) return;
  // A restored episode looks the same.
  const auto other = *hw::MakeTwin(testing_support::TwinFromYaml(), 0);
  const auto copy = *AberrationTuning::Create(other.get(), options);
  ASSERT_TRUE(copy->Restore(*saved).ok());
  EXPECT_EQ(*copy->Render(), *task->Render());
}

}  // namespace
}  // namespace ronchi::env
