#include "agents/bayes/gp_optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "agents/bayes/sobol.h"

namespace ronchi::agents {
namespace {

using Eigen::VectorXd;

TEST(GpOptimizer, OutputsAreStandardisedByTheirOwnMeanAndDeviation) {
  const auto is = [](const std::vector<double>& outputs, double offset, double scale) {
    const Standardisation s = StandardisationOf(outputs);
    EXPECT_DOUBLE_EQ(s.offset, offset);
    EXPECT_DOUBLE_EQ(s.scale, scale);
  };
  is({}, 0, 1);
  is({7}, 7, 1);
  is({-2, -2, -2}, -2, 1);
  is({0, 4}, 2, 2);
}

GpOptimizer Optimizer(uint64_t seed) {
  return GpOptimizer(2, {.n_initial = 4, .prior = GpPrior::Broad(2)}, seed);
}
double Height(const VectorXd& x) {
  return 5 - std::pow(x[0] - 0.3, 2) - 3 * std::pow(x[1] - 0.8, 2);
}

TEST(GpOptimizer, BeginsWithItsDesignWhateverIsTold) {
  GpOptimizer optimizer = Optimizer(3);
  EXPECT_TRUE(absl::IsFailedPrecondition(optimizer.BestMean().status()));
  const Eigen::MatrixXd design = SobolPoints(4, 2, {.seed = 3, .name = "agents.gp.initial_design"});
  for (int i = 0; i < 4; ++i) {
    const VectorXd x = *optimizer.Ask();
    EXPECT_EQ(x, design.row(i).transpose());
    EXPECT_EQ(*optimizer.Ask(), x);                // asking changes nothing
    optimizer.Tell(Eigen::Vector2d(0.5, 0.5), 1);  // not where it was asked to
  }
  EXPECT_EQ(optimizer.size(), 4u);
  EXPECT_EQ(optimizer.Inputs(), Eigen::MatrixXd::Constant(4, 2, 0.5));
}

TEST(GpOptimizer, FindsAParabolasTopAndIsAFunctionOfItsSeed) {
  GpOptimizer a = Optimizer(3), b = Optimizer(3), c = Optimizer(4);
  for (int i = 0; i < 14; ++i) {
    const VectorXd x = *a.Ask();
    EXPECT_EQ(*b.Ask(), x) << i;
    if (i < 4) {
      EXPECT_NE(*c.Ask(), x) << i;
    }
    for (GpOptimizer* o : {&a, &b, &c}) o->Tell(x, Height(x));
  }
  ASSERT_TRUE(a.hyperparameters());
  const VectorXd best = *a.BestMean();
  // The noise floor is 1e-4 of the outputs' variance, 0.2 or so: a hundredth of a height.
  EXPECT_GT(Height(best), 5 - 0.01);
}

TEST(GpOptimizer, WhatIsPendingIsNotAskedForAgain) {
  GpOptimizer optimizer = Optimizer(5);
  std::vector<VectorXd> asked;
  for (int i = 0; i < 4; ++i) {  // the design, all at once
    asked.push_back(*optimizer.Ask(asked));
    for (int k = 0; k < i; ++k) EXPECT_NE(asked[size_t(i)], asked[size_t(k)]);
  }
  for (const VectorXd& x : asked) optimizer.Tell(x, Height(x));
  std::vector<VectorXd> pending;
  for (int i = 0; i < 4; ++i) pending.push_back(*optimizer.Ask(pending));
  EXPECT_EQ(pending[0], *optimizer.Ask());  // what is pending is not told
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < i; ++k) EXPECT_GT((pending[size_t(i)] - pending[size_t(k)]).norm(), 1e-3);
  }
}

TEST(GpOptimizer, PredictsInTheOutputsUnit) {
  GpOptimizer optimizer = Optimizer(6);
  EXPECT_TRUE(absl::IsFailedPrecondition(optimizer.Predict(Eigen::Vector2d(0, 0)).status()));
  for (int i = 0; i < 20; ++i) {
    const VectorXd x = *optimizer.Ask();
    optimizer.Tell(x, 1000 * Height(x));
  }
  for (const Eigen::Vector2d& x : {Eigen::Vector2d(0.3, 0.8), Eigen::Vector2d(0.4, 0.6)}) {
    const GpPrediction p = *optimizer.Predict(x);
    EXPECT_NEAR(p.mean, 1000 * Height(x), 5 * std::sqrt(p.variance) + 5);
    EXPECT_LT(std::sqrt(p.variance), 100);
  }
}

// Gardner et al. (2014), their first simulation, shifted to the unit cube: cos 2x cos y + sin x is
// to be small where cos x cos y − sin x sin y ≤ 0.5, x and y from 0 to 6.
TEST(GpOptimizer, ConstraintsAreLearnedAndKept) {
  const auto objective = [](double x, double y) {
    return -(std::cos(2 * x) * std::cos(y) + std::sin(x));
  };
  const auto constraint = [](double x, double y) { return std::cos(x + y) - 0.5; };
  double truth = -INFINITY;
  for (int i = 0; i <= 600; ++i) {
    for (int k = 0; k <= 600; ++k) {
      const double x = 0.01 * i, y = 0.01 * k;
      if (constraint(x, y) <= 0) truth = std::max(truth, objective(x, y));
    }
  }
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    GpOptimizer optimizer(2, {.n_initial = 6, .prior = GpPrior::Broad(2)}, seed);
    int broken_late = 0;
    for (int n = 0; n < 40; ++n) {
      const VectorXd u = *optimizer.Ask();
      const double beside = constraint(6 * u[0], 6 * u[1]);
      broken_late += n >= 20 && beside > 0.05;
      optimizer.Tell(u, objective(6 * u[0], 6 * u[1]), {{beside}});
    }
    const VectorXd best = *optimizer.BestMean();
    EXPECT_LE(constraint(6 * best[0], 6 * best[1]), 0.02) << seed;
    EXPECT_GT(objective(6 * best[0], 6 * best[1]), truth - 0.05) << seed;
    EXPECT_LE(broken_late, 5) << seed;
  }
}

TEST(GpOptimizer, WhereNothingKeepsTheConstraintsItLooksForWhatDoes) {
  GpOptimizer optimizer = Optimizer(7);  // kept in one corner, nowhere near the highest outputs
  const auto beside = [](const VectorXd& x) { return 0.1 - std::pow(x[0] * (1 - x[1]), 2); };
  double nearest = INFINITY;
  for (int n = 0; n < 20; ++n) {
    const VectorXd x = *optimizer.Ask();
    nearest = std::min(nearest, beside(x));
    optimizer.Tell(x, Height(x), {{beside(x)}});
  }
  EXPECT_LT(nearest, 0);
  EXPECT_LT(beside(*optimizer.BestMean()), 0.01);
}

TEST(GpOptimizer, ADesignThatIsLongerThanItsOwnGoesOn) {
  GpOptimizer optimizer = Optimizer(8);
  std::vector<VectorXd> pending;
  for (int i = 0; i < 7; ++i) pending.push_back(*optimizer.Ask(pending));
  const Eigen::MatrixXd design = SobolPoints(7, 2, {.seed = 8, .name = "agents.gp.initial_design"});
  for (int i = 0; i < 7; ++i) EXPECT_EQ(pending[size_t(i)], design.row(i).transpose());
}

TEST(GpOptimizer, GoesOnFromItsFitsToTheBit) {
  const auto tell = [](GpOptimizer* optimizer, const VectorXd& x) {
    optimizer->Tell(x, std::sin(7 * x[0]) + x[1], {{x[1] - 0.6}});
  };
  for (size_t pause : {3, 5, 13, 33, 37}) {  // in the design, while each is fitted, between fits
    GpOptimizer whole = Optimizer(9), resumed = Optimizer(9);
    for (size_t n = 0; n < pause; ++n) {
      const VectorXd x = *whole.Ask();
      tell(&whole, x);
      tell(&resumed, x);
    }
    ASSERT_TRUE(resumed.Restore(whole.fits()).ok());
    for (size_t n = 0; n < 6; ++n) {
      const VectorXd x = *whole.Ask();
      EXPECT_EQ(*resumed.Ask(), x) << pause << " " << n;
      tell(&whole, x);
      tell(&resumed, x);
    }
  }
  GpOptimizer optimizer = Optimizer(9);
  tell(&optimizer, Eigen::Vector2d(0.5, 0.5));
  const GpOptimizer::Fit good = {1, GpPrior::Broad(2).mean};
  EXPECT_TRUE(optimizer.Restore({{good, good}}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(optimizer.Restore({{good}})));
  EXPECT_TRUE(absl::IsInvalidArgument(optimizer.Restore({{good, {2, good.hyperparameters}}})));
  EXPECT_TRUE(absl::IsInvalidArgument(optimizer.Restore({{good, {1, VectorXd::Zero(3)}}})));
}

}  // namespace
}  // namespace ronchi::agents
