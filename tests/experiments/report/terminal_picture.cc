#include "experiments/report/terminal_picture.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ronchi {
namespace {

TEST(HalfBlocks, AreTwoPixelsEach) {
  Array<uint8_t> picture({2, 2, 3});
  const uint8_t values[] = {255, 0, 0, 255, 0, 0, 0, 0, 255, 1, 2, 3};
  std::copy(std::begin(values), std::end(values), picture.begin());
  // The ink is set once, for it stays red.
  EXPECT_EQ(HalfBlocks(picture, 80, 24),
            "\x1b[38;2;255;0;0m\x1b[48;2;0;0;255m▀\x1b[48;2;1;2;3m▀\x1b[0m\n");
}

size_t Count(const std::string& text, const std::string& what) {
  size_t n = 0;
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++n;
  return n;
}

TEST(HalfBlocks, FitAndKeepTheirProportions) {
  const Array<uint8_t> wide({256, 448, 3}, 7);
  const std::string narrow = HalfBlocks(wide, 60, 100);
  EXPECT_EQ(Count(narrow, "\n"), 17u);  // 60 · 256/448 = 34 pixels
  EXPECT_EQ(Count(narrow, "▀"), 17u * 60);
  const std::string low = HalfBlocks(wide, 400, 10);
  EXPECT_EQ(Count(low, "\n"), 10u);
  EXPECT_EQ(Count(low, "▀"), 10u * 35);  // 20 · 448/256
  const std::string whole = HalfBlocks(Array<uint8_t>({3, 5, 3}, 7), 400, 400);
  EXPECT_EQ(Count(whole, "\n"), 2u);  // never larger than it is
  EXPECT_EQ(Count(whole, "▀"), 2u * 5);
  EXPECT_EQ(Count(HalfBlocks(wide, 0, 0), "\n"), 1u);
  EXPECT_EQ(HalfBlocks(Array<uint8_t>(), 80, 24), "");
}

TEST(HalfBlocks, AverageWhatTheyStandFor) {
  Array<uint8_t> picture({4, 4, 3});
  for (size_t i = 0; i < 16; ++i) {
    picture[3 * i] = picture[3 * i + 1] = picture[3 * i + 2] = uint8_t(10 * i);
  }
  // 2 × 2 pixels in one line: means of 0, 10, 40, 50 and of its neighbours.
  EXPECT_EQ(HalfBlocks(picture, 2, 1),
            "\x1b[38;2;25;25;25m\x1b[48;2;105;105;105m▀\x1b[38;2;45;45;45m\x1b[48;2;125;125;125m▀"
            "\x1b[0m\n");
}

TEST(TerminalScreen, HidesTheCursorAndGivesItBack) {
  testing::internal::CaptureStdout();
  {
    TerminalScreen screen;
    screen.Show("a\nb\n");
    screen.Show("c\n");
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "\x1b[?25la\nb\n\x1b[2A\r\x1b[Jc\n\x1b[0m\x1b[?25h");
}

}  // namespace
}  // namespace ronchi
