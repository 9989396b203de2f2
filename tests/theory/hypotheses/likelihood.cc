#include "theory/hypotheses/likelihood.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ronchi::theory {
namespace {

using Eigen::VectorXd;

Prediction One(double mean, double variance = 1) {
  return {VectorXd::Constant(1, mean), VectorXd::Constant(1, variance)};
}
double Log(const Prediction& p, double y, Likelihood l) {
  return LogLikelihood(p, VectorXd::Constant(1, y), l);
}

TEST(Likelihood, EachIsADistribution) {
  for (double mean : {0.0, 0.3, 4.0, 150.0}) {
    double sum = 0, first = 0;
    for (int y = 0; y < 600; ++y) {
      const double p = std::exp(Log(One(mean), y, Likelihood::kPoisson));
      sum += p;
      first += y * p;
    }
    EXPECT_NEAR(sum, 1, 1e-11) << mean;
    EXPECT_NEAR(first, mean, 1e-9) << mean;
  }
  double sum = 0;
  for (int i = -4000; i <= 4000; ++i) {
    sum += 0.01 * std::exp(Log(One(3, 4), 3 + 0.01 * i, Likelihood::kGaussian));
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  EXPECT_EQ(Log(One(0), 2, Likelihood::kPoisson), -INFINITY);
}

TEST(Likelihood, DataTogetherAreProducts) {
  const Prediction p = {Eigen::Vector2d(2, 5), Eigen::Vector2d(1, 3)};
  for (Likelihood l : {Likelihood::kGaussian, Likelihood::kPoisson}) {
    EXPECT_NEAR(LogLikelihood(p, Eigen::Vector2d(1, 4), l),
                Log(One(2, 1), 1, l) + Log(One(5, 3), 4, l), 1e-14);
  }
}

TEST(Likelihood, DrawsHaveMeanAndVariance) {
  RandomStream random({.seed = 1, .name = "test.likelihood"});
  for (Likelihood l : {Likelihood::kGaussian, Likelihood::kPoisson}) {
    const Prediction p = One(7, 7);
    double sum = 0, squares = 0;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) {
      const double y = DrawData(p, l, &random)[0];
      sum += y;
      squares += (y - 7) * (y - 7);
    }
    EXPECT_NEAR(sum / kDraws, 7, 5 * std::sqrt(7.0 / kDraws));
    EXPECT_NEAR(squares / kDraws, 7, 5 * std::sqrt((2 * 49.0 + 7) / kDraws));
  }
}

}  // namespace
}  // namespace ronchi::theory
