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
  EXPECT_TRUE(absl::IsFailedPrecondition(optimizer.AskBatch(5).status()));  // the design has four
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

}  // namespace
}  // namespace ronchi::agents
