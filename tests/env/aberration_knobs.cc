#include "env/aberration_knobs.h"

#include <gtest/gtest.h>

namespace ronchi::env {
namespace {

constexpr AberrationRanges kRanges{.first_nm = 10, .second_nm = 200, .third_nm = 3000};

// One, two numbers a term by its multiplicity: n = 1: 3, n = 2: 4, n = 3: 5.
TEST(AberrationKnobs, GrowWithTheLevelAndKeepTheirOrder) {
  const size_t sizes[] = {3, 7, 12};
  std::string names;
  for (int level = 1; level <= 3; ++level) {
    const Knobs knobs = MakeAberrationKnobs(level, kRanges);
    ASSERT_EQ(knobs.size(), sizes[level - 1]);
    std::string joined;
    for (size_t i = 0; i < knobs.size(); ++i) {
      const std::string label = knobs.Label(i);
      joined += (i ? ", " : "") + label.substr(0, label.find(' '));
      EXPECT_EQ(label.substr(label.find(' ')), " nm");
    }
    EXPECT_EQ(joined, AberrationNames(level));
    EXPECT_EQ(joined.rfind(names, 0), 0u) << "a higher level goes on where a lower one ends";
    names = joined;
  }
}

TEST(AberrationKnobs, EachOrderHasItsRange) {
  const Box box = MakeAberrationKnobs(3, kRanges).MakeBox(2, "change");
  EXPECT_EQ(box.unit, "nm");
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(box.High(i), i < 3 ? 20 : i < 7 ? 400 : 6000) << i;
    EXPECT_EQ(box.Low(i), -box.High(i));
  }
  EXPECT_TRUE(MakeAberrationKnobs(1, kRanges).MakeBox(1, "").highs.empty());  // one range for all
}

}  // namespace
}  // namespace ronchi::env
