#include "agents/bayes/safe_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>

#include "agents/bayes/gp_optimizer.h"
#include "agents/bayes/sobol.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// A function of two inputs from a process of squared-exponential kernel, unit variance and length
// 0.3: 200 of its Fourier components (Rahimi & Recht 2007).
class RandomFunction {
 public:
  explicit RandomFunction(uint64_t seed) {
    RandomStream random({.seed = seed, .name = "test.safe.function"});
    for (Index i = 0; i < waves_.rows(); ++i) {
      waves_.row(i) << random.Normal(0, 1 / 0.3), random.Normal(0, 1 / 0.3);
      phases_[i] = random.Uniform(0, 2 * M_PI);
    }
  }
  double operator()(const VectorXd& x) const {
    return std::sqrt(2.0 / double(waves_.rows())) * ((waves_ * x + phases_).array().cos()).sum();
  }

 private:
  MatrixXd waves_ = MatrixXd(200, 2);
  VectorXd phases_ = VectorXd(200);
};

struct SafeRun {
  int steps = 0, unsafe = 0;
  double gained = 0;  // share of what is between the best of the seeds and the best safe point
};

SafeRun RunSafely(uint64_t seed, double share) {
  const RandomFunction value(2 * seed), beside(2 * seed + 1);
  const MatrixXd grid = SobolPoints(4096, 2, {.name = "test.safe.grid"});
  // Six of ten points are safe; the seeds are three of the two safest.
  std::vector<double> values;
  for (Index i = 0; i < grid.rows(); ++i) values.push_back(beside(grid.row(i).transpose()));
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  const double limit = sorted[sorted.size() * 6 / 10], safest = sorted[sorted.size() * 2 / 10];
  double best = -INFINITY;
  std::vector<VectorXd> seeds;
  for (Index i = 0; i < grid.rows(); ++i) {
    const VectorXd x = grid.row(i).transpose();
    if (values[size_t(i)] <= limit) best = std::max(best, value(x));
    if (seeds.size() < 3 && values[size_t(i)] < safest) seeds.push_back(x);
  }
  GpOptimizer optimizer(
      2, {.prior = GpPrior::Broad(2), .safety = SafetyPromise{.unsafe_share = share, .seeds = 3}},
      seed);
  SafeRun run{.steps = 25};
  double first = -INFINITY, reached = -INFINITY;
  const auto tell = [&](const VectorXd& x) {
    const double constraint = beside(x) - limit;
    RONCHI_CHECK(optimizer.Tell(x, value(x), {&constraint, 1}).ok());
    if (constraint <= 0) reached = std::max(reached, value(x));
    return constraint > 0;
  };
  for (const VectorXd& x : seeds) tell(x);
  first = reached;
  for (int i = 0; i < run.steps; ++i) run.unsafe += tell(*optimizer.Ask());
  run.gained = best > first ? (reached - first) / (best - first) : 1;
  return run;
}

// RONCHI_SAFE_RUNS: how many instead of 40.
TEST(SafeChoice, KeepsItsPromiseAndGetsSomewhere) {
  const char* more = std::getenv("RONCHI_SAFE_RUNS");
  const int runs = more ? std::atoi(more) : 40;
  int steps = 0, unsafe = 0;
  std::vector<double> gained;
  for (int seed = 0; seed < runs; ++seed) {
    const SafeRun run = RunSafely(uint64_t(seed) + 5000, 0.05);
    steps += run.steps;
    unsafe += run.unsafe;
    gained.push_back(run.gained);
  }
  std::ranges::nth_element(gained, gained.begin() + runs / 2);
  // Clopper & Pearson's upper end of 95 %.
  const double upper = boost::math::quantile(
      boost::math::beta_distribution(unsafe + 1.0, double(steps - unsafe)), 0.975);
  std::printf("unsafe: %d of %d, at most %.4f; gained: %.3f\n", unsafe, steps, upper,
              gained[size_t(runs) / 2]);
  EXPECT_LT(upper, 0.05);
  EXPECT_GT(gained[size_t(runs) / 2], 0.7);
}

TEST(SafeChoice, WhatWasBrokenWidensTheMargin) {
  const SafetyPromise promise{.unsafe_share = 0.1, .seeds = 2};
  std::vector<bool> broken(20, false);
  const double quiet = SafeReach(promise, broken, 1);
  EXPECT_NEAR(quiet, 1.729, 1e-3);  // t of 19 degrees of freedom, 95 %
  broken[5] = true;
  EXPECT_NEAR(SafeReach(promise, broken, 1), quiet, 1e-12);  // long ago
  broken[19] = true;
  EXPECT_NEAR(SafeReach(promise, broken, 1), quiet + 0.9, 1e-12);
  EXPECT_GT(SafeReach(promise, broken, 3), SafeReach(promise, broken, 1));
  broken.assign(20, false);
  broken[0] = broken[1] = true;  // the seeds are not its choice
  EXPECT_NEAR(SafeReach(promise, broken, 1), quiet, 1e-12);
}

TEST(SafeChoice, BeginsFromNothingButPointsThatAreSafe) {
  GpOptimizer optimizer(2, {.prior = GpPrior::Broad(2), .safety = SafetyPromise{}}, 1);
  EXPECT_EQ(optimizer.Ask().status().code(), absl::StatusCode::kFailedPrecondition);
  const double kept = -1;
  ASSERT_TRUE(optimizer.Tell(VectorXd::Constant(2, 0.5), 1, {&kept, 1}).ok());
  const auto next = optimizer.Ask();
  ASSERT_TRUE(next.ok()) << next.status();
  GpOptimizer wrong(2, {.prior = GpPrior::Broad(2), .safety = SafetyPromise{.unsafe_share = 0}}, 1);
  EXPECT_EQ(wrong.Ask().status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace ronchi::agents
