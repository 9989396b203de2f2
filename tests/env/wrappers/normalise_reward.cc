#include "env/wrappers/normalise_reward.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/env/walker.h"

namespace ronchi::env {
namespace {

TEST(NormaliseReward, DividesByTheSpreadOfTheDiscountedReturn) {
  Walker plain(Cheap()), w(std::make_unique<NormaliseReward>(Cheap(), 0.9, 1e-8));
  std::vector<double> returns;
  double g = 0;
  int truncations = 0;
  for (int t = 0; t < 80; ++t) {
    const auto a = plain.Go(t), b = w.Go(t);
    if (!a) continue;
    g = g * 0.9 * (a->terminated ? 0 : 1) + a->reward;  // goes on over truncation and reset
    truncations += a->truncated;
    returns.push_back(g);
    const double total = double(returns.size()) + 1e-4;
    double mean = 0, squares = 1e-4;
    for (const double x : returns) mean += x / total;
    for (const double x : returns) squares += (x - mean) * (x - mean);
    squares += 1e-4 * mean * mean;
    EXPECT_NEAR(b->reward, a->reward / std::sqrt(squares / total + 1e-8), 1e-9 * 100) << t;
    EXPECT_EQ(plain.row, w.row);
  }
  EXPECT_GT(truncations, 0);
}

}  // namespace
}  // namespace ronchi::env
