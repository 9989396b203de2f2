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
  // The noise floor is 1e-4 of the outputs' variance, 0.2 or so: a hundredth of a height.
  EXPECT_GT(Height(best), 5 - 0.01);
}

}  // namespace
}  // namespace ronchi::agents
