#include "env/wrappers/normalised_vector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

TEST(NormalisedVector, SharesMomentsOverItsEnvironments) {
  const VectorOptions options{.environments = 5, .autoreset = Autoreset::kSameStep};
  auto plain = *VectorEnvironment::Create(CheapFactory(), options);
  NormalisedVector v(*VectorEnvironment::Create(CheapFactory(), options), {.gamma = 0.9});
  NormalisedVector copy(*VectorEnvironment::Create(CheapFactory(), options), {.gamma = 0.9});
  RunningMoments rows(8), returns(1);
  std::vector<double> g(5);
  ASSERT_TRUE(plain->Reset(2).ok());
  ASSERT_TRUE(v.Reset(2).ok());
  int finals = 0;
  const auto compare = [&] {
    rows.Update(plain->observations());
    std::vector<float> expected(plain->observations().begin(), plain->observations().end());
    rows.Normalise(expected, 1e-8);
    EXPECT_TRUE(std::ranges::equal(expected, v.observations()));
  };
  compare();
  for (int t = 0; t < 40; ++t) {
    std::vector<float> actions;
    for (int i = 0; i < 5; ++i) {
      for (const float a : ActionOf(5 * t + i)) actions.push_back(a);
    }
    ASSERT_TRUE(plain->Step(actions).ok());
    ASSERT_TRUE(v.Step(actions).ok());
    compare();
    for (size_t i = 0; i < 5; ++i) {
      g[i] = g[i] * 0.9 * (plain->terminated()[i] ? 0 : 1) + plain->rewards()[i];
    }
    returns.Update(std::span<const double>(g));
    for (size_t i = 0; i < 5; ++i) {
      EXPECT_EQ(v.rewards()[i], plain->rewards()[i] / std::sqrt(returns.variance()[0] + 1e-8));
      if (!plain->has_final()[i]) continue;
      ++finals;
      const auto last = plain->final_observations().subspan(8 * i, 8);
      std::vector<float> expected(last.begin(), last.end());
      rows.Normalise(expected, 1e-8);
      EXPECT_TRUE(std::ranges::equal(expected, v.final_observations().subspan(8 * i, 8)));
    }
    ASSERT_TRUE(copy.Restore(*v.Save()).ok());
    EXPECT_TRUE(std::ranges::equal(copy.observations(), v.observations()));
    EXPECT_TRUE(std::ranges::equal(copy.rewards(), v.rewards()));
  }
  EXPECT_GT(finals, 5);
  const std::vector<float> still(10, 0.1f);
  ASSERT_TRUE(v.Step(still).ok());
  ASSERT_TRUE(copy.Step(still).ok());
  EXPECT_TRUE(std::ranges::equal(copy.observations(), v.observations()));
  EXPECT_TRUE(std::ranges::equal(copy.rewards(), v.rewards()));
  EXPECT_TRUE(absl::IsInvalidArgument(copy.Restore("nonsense")));
}

}  // namespace
}  // namespace ronchi::env
