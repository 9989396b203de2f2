#include "agents/rl/action_distribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace ronchi::agents {
namespace {

TEST(ActionDistribution, DrawsWhatItSays) {
  RandomStream r({.seed = 3, .name = "test.draws"});
  const std::vector<float> output = {0.3f, -1.0f, 1.2f}, log_std = {-0.5f, 0.0f, 0.2f};
  const ActionDistribution choices(true, output, {}), numbers(false, output, log_std);
  constexpr int kDraws = 20000;
  std::vector<double> count(3), sum(3), squares(3);
  double surprise = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto choice = choices.Draw(r), number = numbers.Draw(r);
    EXPECT_EQ(std::accumulate(choice.begin(), choice.end(), 0.0f), 1);
    surprise -= choices.LogProbability(choice) / kDraws;
    for (size_t j = 0; j < 3; ++j) {
      count[j] += choice[j];
      sum[j] += number[j] / kDraws;
      squares[j] += std::pow(number[j] - output[j], 2) / kDraws;
    }
  }
  double total = 0;
  for (float o : output) total += std::exp(double(o));
  for (size_t j = 0; j < 3; ++j) {
    const double p = std::exp(double(output[j])) / total, sd = std::exp(double(log_std[j]));
    EXPECT_NEAR(count[j] / kDraws, p, 5 * std::sqrt(p * (1 - p) / kDraws));
    EXPECT_NEAR(sum[j], output[j], 5 * sd / std::sqrt(kDraws));
    EXPECT_NEAR(squares[j], sd * sd, 5 * sd * sd * std::sqrt(2.0 / kDraws));
  }
  EXPECT_NEAR(surprise, choices.Entropy(), 0.03);  // of order one; five standard errors
}

}  // namespace
}  // namespace ronchi::agents
