#include "agents/rl/gae.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace ronchi::agents {
namespace {

// Against the definition: A_t = Σ_k (γλ)^k δ_{t+k}, the sum ending with the episode.
TEST(Gae, IsTheSumOfItsDefinition) {
  constexpr int kSteps = 50;
  RandomStream stream({.seed = 2, .name = "gae"});
  std::vector<float> rewards, values, next_values;
  std::vector<char> terminated, truncated;
  for (int t = 0; t < kSteps; ++t) {
    rewards.push_back(float(stream.Normal()));
    values.push_back(float(stream.Normal()));
    next_values.push_back(float(stream.Normal()));
    terminated.push_back(stream.Uniform() < 0.1);
    truncated.push_back(!terminated.back() && stream.Uniform() < 0.1);
  }
  const double gamma = 0.9, lambda = 0.8;
  const std::vector<float> advantages =
      ComputeGae({rewards, values, next_values, terminated, truncated, gamma, lambda});
  for (int t = 0; t < kSteps; ++t) {
    double sum = 0;
    for (int k = 0; t + k < kSteps; ++k) {
      const int s = t + k;
      const double target = rewards[s] + (terminated[s] ? 0 : gamma * next_values[s]);
      sum += std::pow(gamma * lambda, k) * (target - values[s]);
      if (terminated[s] || truncated[s]) break;
    }
    EXPECT_NEAR(advantages[t], sum, 1e-6) << t;  // float32 results of order one
  }
}

TEST(Gae, ByHand) {
  // γ = λ = ½. Step 1 ends the episode: terminated δ = 3 − 1 = 2, truncated δ = 3 + ½·4 − 1 = 4;
  // step 0: δ = 1 + ½·1 − 2 = −½, plus ¼ of step 1.
  const std::vector<float> rewards = {1, 3}, values = {2, 1}, next = {1, 4};
  const std::vector<char> no = {0, 0}, last = {0, 1};
  EXPECT_EQ(ComputeGae({rewards, values, next, last, no, 0.5, 0.5}), (std::vector<float>{0, 2}));
  EXPECT_EQ(ComputeGae({rewards, values, next, no, last, 0.5, 0.5}), (std::vector<float>{0.5, 4}));
}

}  // namespace
}  // namespace ronchi::agents
