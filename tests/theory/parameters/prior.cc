#include "theory/parameters/prior.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace ronchi::theory {
namespace {

TEST(Prior, DrawsAreAFunctionOfSeedEnvironmentAndEpisode) {
  const Prior prior({{"a", {-1, 2}}, {"b", {5, 5}}, {"c", {0, 1}}});
  const auto draw = prior.Draw(1, 2, 3);
  EXPECT_EQ(prior.Draw(1, 2, 3), draw);
  std::set<double> different;
  for (uint64_t i = 0; i < 4; ++i) {
    different.insert(prior.Draw(10 + i, 2, 3).at("a"));
    different.insert(prior.Draw(1, 10 + i, 3).at("a"));
    different.insert(prior.Draw(1, 2, 10 + i).at("a"));
  }
  EXPECT_EQ(different.size(), 12u);
  EXPECT_EQ(draw.at("b"), 5);  // a known number
}

TEST(Prior, ANewNameLeavesTheOthersAlone) {
  const Prior two({{"a", {-1, 2}}, {"c", {0, 1}}});
  const Prior three({{"a", {-1, 2}}, {"b", {-3, 3}}, {"c", {0, 1}}});
  EXPECT_EQ(two.Draw(1, 0, 0).at("a"), three.Draw(1, 0, 0).at("a"));
  EXPECT_EQ(two.Draw(1, 0, 0).at("c"), three.Draw(1, 0, 0).at("c"));
}

// Mean 1/2 and variance 1/12 of 4000 uniform draws: five standard errors (of x² for the second).
TEST(Prior, DrawsAreUniform) {
  const Prior prior({{"a", {0, 1}}, {"b", {0, 1}}});
  constexpr int kN = 4000;
  double mean = 0, square = 0, cross = 0;
  for (int i = 0; i < kN; ++i) {
    const auto d = prior.Draw(9, 0, uint64_t(i));
    const double a = d.at("a"), b = d.at("b");
    ASSERT_TRUE(a >= 0 && a < 1);
    mean += a / kN;
    square += (a - 0.5) * (a - 0.5) / kN;
    cross += (a - 0.5) * (b - 0.5) / kN;
  }
  EXPECT_NEAR(mean, 0.5, 5 * std::sqrt(1 / 12.0 / kN));
  EXPECT_NEAR(square, 1 / 12.0, 5 * std::sqrt((1 / 80.0 - 1 / 144.0) / kN));
  EXPECT_NEAR(cross, 0, 5 * (1 / 12.0) / std::sqrt(double(kN)));
}

}  // namespace
}  // namespace ronchi::theory
