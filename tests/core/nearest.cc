#include "core/nearest.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

TEST(Nearest, DistanceCountsLetters) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("prism", "prims"), 2u);
}

TEST(Nearest, TheNearestIsNamedAndWhatIsFarIsNot) {
  const std::vector<std::string> names = {"multislice", "prism", "contracted"};
  EXPECT_EQ(NearestName("prisma", names), "prism");
  EXPECT_EQ(NearestName("contract", names), "contracted");
  EXPECT_EQ(NearestName("x", names), "");
  EXPECT_EQ(NearestName("", {"a"}), "");
  EXPECT_EQ(NearestName("a", {}), "");
  EXPECT_EQ(AllowedNames("prisma", names),
            "did you mean 'prism'? allowed: multislice, prism, contracted");
  EXPECT_EQ(AllowedNames("x", {"multislice", "prism"}), "allowed: multislice, prism");
}

}  // namespace
}  // namespace ronchi
