#include "core/canvas.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace ronchi {
namespace {

constexpr Rgb kGround{1, 2, 3}, kInk{200, 100, 50};
using Points = std::set<std::pair<int, int>>;

// Where the ink is; everything else must be ground.
Points Inked(const Canvas& canvas) {
  Points points;
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) {
      const uint8_t* p = &canvas.pixels()[3 * size_t(y * canvas.width() + x)];
      const Rgb colour{p[0], p[1], p[2]};
      if (colour == kInk)
        points.insert({x, y});
      else
        EXPECT_TRUE(colour == kGround) << x << " " << y;
    }
  }
  return points;
}
template <class Draw>
Points Drawn(const Draw& draw, int width = 21, int height = 15) {
  Canvas canvas(width, height, kGround);
  draw(canvas);
  return Inked(canvas);
}

TEST(Canvas, WhatLiesOutsideIsLeftOut) {
  EXPECT_EQ(Drawn([](Canvas& c) { c.Put(20, 14, kInk), c.Put(21, 0, kInk), c.Put(0, -1, kInk); }),
            (Points{{20, 14}}));
  EXPECT_EQ(Drawn([](Canvas& c) { c.Box(-5, -5, 7, 6, kInk); }), (Points{{0, 0}, {1, 0}}));
  EXPECT_EQ(Drawn([](Canvas& c) { c.Box(3, 3, 0, 5, kInk), c.Box(3, 3, -2, 5, kInk); }), Points{});
  EXPECT_EQ(Drawn([](Canvas& c) { c.Line(-100, 7, 100, 7, kInk); }).size(), 21u);
  EXPECT_EQ(Drawn([](Canvas& c) { c.Text(-300, 400, "far", kInk); }), Points{});
}

TEST(Canvas, AFrameIsABoxLessItsInside) {
  Points box = Drawn([](Canvas& c) { c.Box(2, 3, 7, 5, kInk); });
  EXPECT_EQ(box.size(), 35u);
  for (const auto& inner : Drawn([](Canvas& c) { c.Box(3, 4, 5, 3, kInk); })) box.erase(inner);
  EXPECT_EQ(Drawn([](Canvas& c) { c.Frame(2, 3, 7, 5, kInk); }), box);
}

// Both ends, one point a column (of a flat line) within half a pixel of the straight line.
TEST(Canvas, LinesAreStraightInAllOctants) {
  for (const auto& [dx, dy] : {std::pair{9, 4},
                               {4, 6},
                               {-9, 4},
                               {-4, 6},
                               {9, -4},
                               {-4, -6},
                               {0, 5},
                               {-7, 0},
                               {5, 5},
                               {0, 0}}) {
    const Points line = Drawn([&](Canvas& c) { c.Line(10, 7, 10 + dx, 7 + dy, kInk); });
    EXPECT_TRUE(line.contains({10, 7}) && line.contains({10 + dx, 7 + dy})) << dx << " " << dy;
    const int longer = std::max(std::abs(dx), std::abs(dy));
    EXPECT_EQ(line.size(), size_t(longer + 1)) << dx << " " << dy;
    for (const auto& [x, y] : line) {
      const double across = std::abs(double(x - 10) * dy - double(y - 7) * dx);
      EXPECT_LE(across, 0.5 * longer) << dx << " " << dy;
    }
  }
}

// A circle's points lie within half a pixel or so of it, alike in all quadrants; a disc holds what
// is no farther than half a pixel outside.
TEST(Canvas, CirclesAreRound) {
  for (int radius : {0, 1, 3, 6}) {
    const Points circle = Drawn([&](Canvas& c) { c.Circle(10, 7, radius, kInk); });
    EXPECT_TRUE(circle.contains({10 + radius, 7}) && circle.contains({10, 7 - radius})) << radius;
    for (const auto& [x, y] : circle) {
      EXPECT_NEAR(std::hypot(x - 10, y - 7), radius, 0.71) << radius;
      EXPECT_TRUE(circle.contains({20 - x, y}) && circle.contains({x, 14 - y}));
    }
    Points disc;
    for (int y = -7; y <= 7; ++y) {
      for (int x = -10; x <= 10; ++x) {
        if (std::hypot(x, y) < radius + 0.5) disc.insert({x + 10, y + 7});
      }
    }
    EXPECT_EQ(Drawn([&](Canvas& c) { c.Disc(10, 7, radius, kInk); }), disc) << radius;
  }
}

TEST(Canvas, ACrossIsTwoLines) {
  EXPECT_EQ(Drawn([](Canvas& c) { c.Cross(5, 5, 1, kInk); }),
            (Points{{5, 5}, {4, 5}, {6, 5}, {5, 4}, {5, 6}}));
}

// Text fills the width that is told beforehand, and scales by whole pixels.
TEST(Canvas, TextIsAsWideAsItSays) {
  EXPECT_EQ(Canvas::TextWidth(""), 0);
  EXPECT_EQ(Canvas::TextWidth("E"), 5);
  EXPECT_EQ(Canvas::TextWidth("EE", 3), 33);
  EXPECT_EQ(Canvas::TextWidth("µÅ"), 11);  // two characters, four bytes
  const Points once = Drawn([](Canvas& c) { c.Text(0, 0, "EM", kInk); }, 60, 30);
  int right = 0, bottom = 0;
  for (const auto& [x, y] : once) right = std::max(right, x + 1), bottom = std::max(bottom, y + 1);
  EXPECT_EQ(right, Canvas::TextWidth("EM"));
  EXPECT_EQ(bottom, Canvas::TextHeight());
  Points twice;
  for (const auto& [x, y] : once) {
    for (int i = 0; i < 4; ++i) twice.insert({2 * x + i % 2, 2 * y + i / 2});
  }
  EXPECT_EQ(Drawn([](Canvas& c) { c.Text(0, 0, "EM", kInk, 2); }, 60, 30), twice);
}

}  // namespace
}  // namespace ronchi
