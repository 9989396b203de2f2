#include "experiments/command/seed_list.h"

#include <gtest/gtest.h>

namespace ronchi {
namespace {

TEST(SeedList, SeedsAndRanges) {
  EXPECT_EQ(*ParseSeedList("7"), std::vector<uint64_t>({7}));
  EXPECT_EQ(*ParseSeedList("1,2,5-8"), std::vector<uint64_t>({1, 2, 5, 6, 7, 8}));
  EXPECT_EQ(ParseSeedList("1000-1099")->size(), 100u);
  EXPECT_EQ(ParseSeedList("0-99999")->size(), 100000u);
  EXPECT_EQ(ParseSeedList("18446744073709551615")->size(), 1u);
}

TEST(SeedList, RefusesWhatIsNone) {
  for (const char* text : {"", ",", "1,", "a", "1-", "-1", "1-2-3", "5-4", "1,1", "1-4,3", "1.5",
                           "0-100000", "0-18446744073709551615", "99999999999999999999"}) {
    const auto seeds = ParseSeedList(text);
    EXPECT_TRUE(absl::IsInvalidArgument(seeds.status())) << text;
    EXPECT_NE(seeds.status().message().find("allowed:"), std::string_view::npos) << text;
  }
}

}  // namespace
}  // namespace ronchi
