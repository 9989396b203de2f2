// Data as users have them and worse: repeated and clustered points, constant outputs, no noise,
// extreme scales. Whatever is finite is fitted and answered with a point of the cube.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "agents/bayes/gp_optimizer.h"
#include "core/random.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr uint64_t kDataSets = 10000;  // some five seconds

// One of six ways to choose the next point.
VectorXd NextPoint(RandomStream& draw, uint64_t kind, const std::vector<VectorXd>& before,
                   Index dimension) {
  VectorXd x(dimension);
  for (double& one : x) one = draw.Uniform();
  if (before.empty()) return x;
  const VectorXd& old = before[size_t(draw.Below(before.size()))];
  switch (kind) {
    case 0:
      return x;
    case 1:
      return old;  // all the same
    case 2:
      return draw.Below(2) ? x : old;
    case 3:
      return old + 1e-12 * (x.array() - 0.5).matrix();
    case 4:
      return x.array().round().matrix();  // corners
    default:
      return before[0] + double(before.size()) * 1e-3 * VectorXd::Ones(dimension);  // a line
  }
}

double NextOutput(RandomStream& draw, uint64_t kind, const VectorXd& x) {
  const double smooth = std::sin(5 * x[0]) + x.squaredNorm();
  switch (kind) {
    case 0:
      return smooth;
    case 1:
      return 0.1;  // not a number of binary digits
    case 2:
      return draw.Normal();
    case 3:
      return smooth > 1 ? 1e300 : -1e300;
    case 4:
      return 1e-310 * draw.Normal();  // below the least normal double
    case 5:
      return 1e12 + smooth;
    case 6:
      return std::pow(10, draw.Uniform(-300, 300));
    default:
      return draw.Below(10) ? 0 : 1e6;  // one that sticks out
  }
}

TEST(GpFuzz, WhateverIsFiniteIsAnswered) {
  for (uint64_t set = 0; set < kDataSets; ++set) {
    SCOPED_TRACE(set);
    RandomStream draw({.seed = 77, .name = "test.gp_fuzz", .episode = set});
    const Index d = 1 + Index(draw.Below(5));
    const uint64_t n = 1 + draw.Below(24), points = draw.Below(6), outputs = draw.Below(8);
    GpOptimizerOptions options{.n_initial = 1, .prior = GpPrior::Broad(size_t(d))};
    options.acquisition.raw_points = 64;  // the number is nothing to numerics
    GpOptimizer optimizer(size_t(d), options, set);
    std::vector<VectorXd> told;
    for (uint64_t i = 0; i < n; ++i) {
      const VectorXd x = NextPoint(draw, points, told, d);
      ASSERT_TRUE(optimizer.Tell(x, NextOutput(draw, outputs, x)).ok());
      told.push_back(x);
    }
    const auto asked = optimizer.Ask();
    ASSERT_TRUE(asked.ok()) << asked.status();
    ASSERT_TRUE((asked->array() >= 0 && asked->array() <= 1).all()) << asked->transpose();
    ASSERT_TRUE(optimizer.Tell(*asked, NextOutput(draw, outputs, *asked)).ok());
    const auto best = optimizer.BestMean();
    ASSERT_TRUE(best.ok()) << best.status();
    ASSERT_TRUE((best->array() >= 0 && best->array() <= 1).all()) << best->transpose();
    ASSERT_TRUE(optimizer.hyperparameters()->ToVector().allFinite());
  }
}

TEST(GpFuzz, WhatIsNoNumberIsRefusedAndForgotten) {
  GpOptimizer optimizer(2, {.n_initial = 1, .prior = GpPrior::Broad(2)}, 1);
  const VectorXd good = Eigen::Vector2d(0.5, 0.5);
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (double bad : {nan, inf, -inf}) {
    EXPECT_TRUE(absl::IsInvalidArgument(optimizer.Tell(good, bad)));
    EXPECT_TRUE(absl::IsInvalidArgument(optimizer.Tell(Eigen::Vector2d(0.5, bad), 1)));
    EXPECT_TRUE(absl::IsInvalidArgument(
        GaussianProcess::Create(Eigen::MatrixXd::Constant(2, 2, bad), VectorXd::Zero(2),
                                GpHyperparameters::FromVector(VectorXd::Zero(4)),
                                Kernel::Matern52(2))
            .status()));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(optimizer.Tell(VectorXd::Zero(3), 1)));
  EXPECT_EQ(optimizer.size(), 0u);
}

}  // namespace
}  // namespace ronchi::agents
