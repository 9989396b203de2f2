#include "env/space.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::env {
namespace {

std::string WhyNotAction(const Box& space, std::vector<float> action) {
  return std::string(CheckAction(space, action).message());
}

TEST(ActionSpaces, AVectorHasBoundsElementByElement) {
  const Box box = VectorBox({-1, 2}, {1, 5}, "nm", "change");
  EXPECT_EQ(box.shape, std::vector<size_t>{2});
  EXPECT_EQ(box.low, -1);  // of all together
  EXPECT_EQ(box.high, 5);
  EXPECT_EQ(box.Low(1), 2);
  EXPECT_EQ(box.High(0), 1);
  EXPECT_EQ(WhyNotAction(box, {-1, 5}), "");
  EXPECT_EQ(WhyNotAction(box, {0, 0}), "action[1] = 0 is not allowed; allowed: 2 … 5 nm");
  EXPECT_EQ(WhyNotAction(box, {1.5f, 3}), "action[0] = 1.5 is not allowed; allowed: -1 … 1 nm");
  EXPECT_EQ(WhyNotAction(box, {0}), "action has 1 elements; expected 2");
  EXPECT_NE(WhyNotAction(box, {NAN, 3}), "");
  EXPECT_NE(WhyNotAction(box, {0, INFINITY}), "");
}

TEST(ActionSpaces, ABoxOfOneBoundHasItEverywhere) {
  const Box box{{2, 3}, -1, 1, "mrad", ""};
  EXPECT_EQ(box.size(), 6u);
  EXPECT_EQ(box.Low(5), -1);
  EXPECT_EQ(WhyNotAction(box, {1, 1, 1, 1, 1, 1}), "");
  EXPECT_EQ(WhyNotAction(box, {1, 1, 1, 1, 1, -1.5f}),
            "action[5] = -1.5 is not allowed; allowed: -1 … 1 mrad");
  EXPECT_EQ((Box{{}, 0, 1, "", ""}).size(), 1u);  // a single number
  EXPECT_EQ((Box{{3, 0}, 0, 1, "", ""}).size(), 0u);
  const Box open{{1}, -INFINITY, INFINITY, "", ""};
  EXPECT_EQ(WhyNotAction(open, {3e38f}), "");
  EXPECT_NE(WhyNotAction(open, {INFINITY}), "");  // bounds or not, it must be finite
}

TEST(ActionSpaces, ChoicesAreWholeNumbers) {
  const Box box = DiscreteBox(4, "north, east, south, west");
  EXPECT_EQ(box.size(), 1u);
  EXPECT_EQ(box.low, 0);
  EXPECT_EQ(box.high, 3);
  EXPECT_EQ(WhyNotAction(box, {3}), "");
  EXPECT_EQ(WhyNotAction(box, {2.5f}),
            "action 2.5 is not allowed; allowed: whole numbers of 0 … 3");
  EXPECT_NE(WhyNotAction(box, {4}), "");
  EXPECT_NE(WhyNotAction(box, {-0.5f}), "");
  EXPECT_EQ(WhyNotAction(DiscreteBox(1, ""), {0}), "");
}

}  // namespace
}  // namespace ronchi::env
