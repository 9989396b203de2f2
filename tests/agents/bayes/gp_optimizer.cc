#include "agents/bayes/gp_optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "agents/bayes/sobol.h"

namespace ronchi::agents {
namespace {

using Eigen::VectorXd;

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
    EXPECT_EQ(*optimizer.Ask(), x);                                  // asking changes nothing
    ASSERT_TRUE(optimizer.Tell(Eigen::Vector2d(0.5, 0.5), 1).ok());  // not where it was asked to
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
    for (GpOptimizer* o : {&a, &b, &c}) ASSERT_TRUE(o->Tell(x, Height(x)).ok());
  }
  ASSERT_TRUE(a.hyperparameters());
  const VectorXd best = *a.BestMean();
  // The noise floor is 1e-6 of the outputs' variance, 0.2 or so: a thousandth of a height.
  EXPECT_GT(Height(best), 5 - 0.001);
}

// Rosenbrock's valley in four dimensions: its walls are 1e5 times as high as its bed is deep. Two
// optimisers that differ by the warp alone; over 20 seeds the one ends near 3, the other near 200.
TEST(GpOptimizer, FindsTheBedOfASteepValleyByWarpingItsOutputs) {
  const auto regret = [](uint64_t seed, std::optional<Standardisation> known) {
    GpOptimizer optimizer(
        4, {.n_initial = 10, .prior = GpPrior::Broad(4), .standardisation = known}, seed);
    double best = INFINITY;
    for (int i = 0; i < 45; ++i) {
      const VectorXd u = *optimizer.Ask(), x = 15 * u.array() - 5;
      double y = 0;
      for (int j = 0; j < 3; ++j) {
        y += 100 * std::pow(x[j + 1] - x[j] * x[j], 2) + std::pow(1 - x[j], 2);
      }
      EXPECT_TRUE(optimizer.Tell(u, -y).ok());
      best = std::min(best, y);
    }
    return best;
  };
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const double warped = regret(seed, {});
    EXPECT_LT(warped, 50);
    EXPECT_LT(5 * warped, regret(seed, Standardisation{.offset = -1e5, .scale = 2e5}));
  }
}

TEST(GpOptimizer, UsesTheNoiseThatIsKnown) {
  GpOptimizer optimizer(1, {.n_initial = 3, .prior = GpPrior::Broad(1), .noise_sd = 0.5}, 1);
  std::vector<double> outputs;
  for (int i = 0; i < 8; ++i) {
    outputs.push_back(std::sin(i));
    ASSERT_TRUE(optimizer.Tell(VectorXd::Constant(1, i / 8.0), outputs.back()).ok());
  }
  ASSERT_TRUE(optimizer.Ask().ok());
  const double in_outputs = std::sqrt(std::exp(optimizer.hyperparameters()->log_noise_variance)) *
                            StandardisationOf(outputs).scale;
  // A warp, if there is one, changes the unit by its slope, which is at most 1 before it is
  // standardised anew; with these outputs there is none.
  EXPECT_NEAR(in_outputs, 0.5, 0.02);
}

TEST(GpOptimizer, ABatchOfOneIsWhatIsAskedAndOthersLookElsewhere) {
  GpOptimizer optimizer = Optimizer(3);
  const Eigen::MatrixXd design = *optimizer.AskBatch(4);
  EXPECT_EQ(*optimizer.AskBatch(2, {design.row(0).transpose(), design.row(1).transpose()}),
            design.bottomRows(2));
  for (int i = 0; i < 10; ++i) {
    const VectorXd x = *optimizer.Ask();
    ASSERT_TRUE(optimizer.Tell(x, Height(x)).ok());
  }
  const Eigen::MatrixXd batch = *optimizer.AskBatch(4);
  EXPECT_EQ(batch.row(0).transpose(), *optimizer.Ask());
  EXPECT_EQ(batch, *optimizer.AskBatch(4));  // asking changes nothing
  // Whoever is told of the first two asks for the others.
  const Eigen::MatrixXd rest =
      *optimizer.AskBatch(2, {batch.row(0).transpose(), batch.row(1).transpose()});
  EXPECT_EQ(rest, batch.bottomRows(2));
  EXPECT_TRUE(absl::IsInvalidArgument(optimizer.AskBatch(1, {VectorXd::Zero(3)}).status()));
}

TEST(GpOptimizer, BatchesFindTheTopAsSinglePointsDo) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    GpOptimizer optimizer = Optimizer(seed);
    for (int round = 0; round < 5; ++round) {
      const Eigen::MatrixXd batch = *optimizer.AskBatch(4);
      for (Eigen::Index i = 0; i < 4; ++i) {
        const VectorXd x = batch.row(i).transpose();
        ASSERT_TRUE(optimizer.Tell(x, Height(x)).ok());
      }
      // Beyond the design no two points of a batch are the same.
      for (Eigen::Index i = 1; i < 4; ++i) {
        EXPECT_GT((batch.row(i) - batch.row(0)).norm(), 1e-9) << round;
      }
    }
    EXPECT_GT(Height(*optimizer.BestMean()), 5 - 0.001);
  }
}

TEST(GpOptimizer, PredictsInTheOutputsUnit) {
  GpOptimizer optimizer = Optimizer(6);
  EXPECT_TRUE(absl::IsFailedPrecondition(optimizer.Predict(Eigen::Vector2d(0, 0)).status()));
  for (int i = 0; i < 20; ++i) {
    const VectorXd x = *optimizer.Ask();
    ASSERT_TRUE(optimizer.Tell(x, 1000 * Height(x)).ok());
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
      ASSERT_TRUE(optimizer.Tell(u, objective(6 * u[0], 6 * u[1]), {{beside}}).ok());
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
    ASSERT_TRUE(optimizer.Tell(x, Height(x), {{beside(x)}}).ok());
  }
  EXPECT_LT(nearest, 0);
  EXPECT_LT(beside(*optimizer.BestMean()), 0.01);
}

TEST(GpOptimizer, ADesignThatIsLongerThanItsOwnGoesOn) {
  GpOptimizer optimizer = Optimizer(8);
  EXPECT_EQ(*optimizer.AskBatch(7),
            SobolPoints(7, 2, {.seed = 8, .name = "agents.gp.initial_design"}));
}

TEST(GpOptimizer, GoesOnFromItsFitsToTheBit) {
  const auto tell = [](GpOptimizer* optimizer, const VectorXd& x) {
    ASSERT_TRUE(optimizer->Tell(x, std::sin(7 * x[0]) + x[1], {{x[1] - 0.6}}).ok());
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
  const GpOptimizer::Fit good = {1, 0, 0, GpPrior::Broad(2).mean};
  EXPECT_TRUE(optimizer.Restore({{good, good}}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(optimizer.Restore({{good}})));
  EXPECT_TRUE(
      absl::IsInvalidArgument(optimizer.Restore({{good, {1, 99, 0, good.hyperparameters}}})));
  EXPECT_TRUE(
      absl::IsInvalidArgument(optimizer.Restore({{good, {2, 0, 0, good.hyperparameters}}})));
  EXPECT_TRUE(absl::IsInvalidArgument(optimizer.Restore({{good, {1, 0, 0, VectorXd::Zero(3)}}})));
}

}  // namespace
}  // namespace ronchi::agents
