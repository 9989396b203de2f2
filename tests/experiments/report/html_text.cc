#include "experiments/report/html_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace ronchi {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

TEST(Ticks, AreRoundNumbersInsideTheRange) {
  EXPECT_THAT(NiceTicks(0, 1, 5), ElementsAre(0, DoubleNear(0.2, 1e-15), DoubleNear(0.4, 1e-15),
                                              DoubleNear(0.6, 1e-15), DoubleNear(0.8, 1e-15), 1));
  EXPECT_THAT(NiceTicks(-3, 12, 4), ElementsAre(0, 5, 10));
  EXPECT_THAT(LogTicks(0.5, 20), ElementsAre(0.5, 1, 2, 5, 10, 20));
  EXPECT_THAT(LogTicks(1e-4, 1), ElementsAre(DoubleNear(1e-4, 1e-18), DoubleNear(1e-3, 1e-17),
                                             DoubleNear(1e-2, 1e-16), 0.1, 1));
  for (double span : {1e-7, 0.3, 1.0, 77.0, 1e9}) {
    const auto ticks = NiceTicks(-0.37 * span, 0.63 * span, 5);
    EXPECT_GE(ticks.size(), 3u) << span;
    EXPECT_LE(ticks.size(), 9u) << span;
  }
}

TEST(ShortNumber, IsShort) {
  EXPECT_EQ(ShortNumber(0.00123456), "0.001235");
  EXPECT_EQ(ShortNumber(1234567, 3), "1.23e+06");
  EXPECT_EQ(ShortNumber(2.5), "2.5");
  EXPECT_EQ(ShortNumber(std::numeric_limits<double>::quiet_NaN()), "–");
}

TEST(EscapeHtml, IsSafeBetweenTagsAndInQuotes) {
  EXPECT_EQ(EscapeHtml("a < b > c & \"d\" 'e'").find_first_of("<>\"'"), std::string::npos);
  EXPECT_EQ(EscapeHtml("&amp;"), "&amp;amp;");
  EXPECT_EQ(EscapeHtml("Å\n\tb"), "Å\n\tb");
  EXPECT_EQ(EscapeHtml(std::string("\x1b[31m\0x\x7f", 8)), "[31mx");
  EXPECT_EQ(EscapeHtml(""), "");
}

}  // namespace
}  // namespace ronchi
