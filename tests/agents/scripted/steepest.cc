#include <gtest/gtest.h>

#include "tests/agents/scripted/made.h"

namespace ronchi::agents {
namespace {

// One reading in the corner (0, 0) of 8 × 8; the reconstruction steps up from column 3 to 4.
std::pair<size_t, size_t> NextAfterACorner(const std::string& keys) {
  const auto policy = *MakeScript("steepest", FieldSpec(8, 8, 9), keys);
  Array<float> mask({8, 8}, 0.0f), reconstruction({8, 8}, 0.0f);
  mask[0] = 1;
  for (size_t r = 0; r < 8; ++r) {
    for (size_t c = 4; c < 8; ++c) reconstruction(r, c) = 10;
  }
  return PixelAt(*policy->Act({{"mask", mask}, {"reconstruction", reconstruction}}), 8, 8);
}

TEST(SteepestScript, GoesToTheFarEndOfAnEdge) {
  EXPECT_EQ(NextAfterACorner("{floor: 0}"), std::pair(size_t(7), size_t(4)));
}

TEST(SteepestScript, GoesFarthestWhereEdgesDoNotCount) {
  EXPECT_EQ(NextAfterACorner("{floor: 1000}"), std::pair(size_t(7), size_t(7)));
}

TEST(SteepestScript, NeedsPicturesOfOneShape) {
  env::Spec spec = FieldSpec(8, 8, 9);
  spec.observation_space["reconstruction"].shape = {8, 4};
  EXPECT_EQ(
      WhyNot(MakeScript("steepest", spec)),
      "steepest needs \"mask\" and \"reconstruction\" of one shape; they have [8, 8] and [8, 4]");
}

}  // namespace
}  // namespace ronchi::agents
