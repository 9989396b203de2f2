#include "agents/bayes/pareto_optimizer.h"

#include <gtest/gtest.h>

#include "agents/bayes/sobol.h"
#include "bench/agents/optimisation_problems.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

ParetoOptimizer OfBraninCurrin(uint64_t seed, size_t n_initial = 6) {
  return *ParetoOptimizer::Create(2, BraninCurrinReference(),
                                  {.n_initial = n_initial, .prior = GpPrior::Broad(2)}, seed);
}

VectorXd AskAndTell(ParetoOptimizer* optimizer, int steps) {
  VectorXd x;
  for (int i = 0; i < steps; ++i) {
    x = *optimizer->Ask();
    const VectorXd y = BraninCurrin(x);
    RONCHI_CHECK(optimizer->Tell(x, {y.data(), size_t(y.size())}).ok());
  }
  return x;
}

// The largest volume is 59.36 (Daulton, Balandat & Bakshy, NeurIPS 2020).
TEST(ParetoOptimizer, FindsMostOfTheFrontOfBraninCurrin) {
  for (const uint64_t seed : {1, 2, 3}) {
    ParetoOptimizer optimizer = OfBraninCurrin(seed);
    AskAndTell(&optimizer, 30);
    EXPECT_GT(optimizer.Volume(), 0.95 * 59.36) << seed;
    EXPECT_LT(optimizer.Volume(), 59.37);
    // As many points of a design alone dominate less.
    ParetoOptimizer design = OfBraninCurrin(seed, 30);
    AskAndTell(&design, 30);
    EXPECT_LT(design.Volume(), optimizer.Volume() - 2) << seed;
  }
}

TEST(ParetoOptimizer, IsAFunctionOfItsSeedAndWhatItWasTold) {
  ParetoOptimizer one = OfBraninCurrin(5), two = OfBraninCurrin(5);
  EXPECT_EQ(AskAndTell(&one, 12), AskAndTell(&two, 12));
  EXPECT_EQ(one.values(), two.values());
}

TEST(ParetoOptimizer, RefusesWhatItCannotUse) {
  EXPECT_FALSE(ParetoOptimizer::Create(2, VectorXd::Zero(4), {.prior = GpPrior::Broad(2)}, 0).ok());
  EXPECT_FALSE(
      ParetoOptimizer::Create(2, VectorXd::Constant(2, NAN), {.prior = GpPrior::Broad(2)}, 0).ok());
  ParetoOptimizer optimizer = OfBraninCurrin(1);
  const std::array<double, 3> three = {1, 2, 3};
  EXPECT_FALSE(optimizer.Tell(VectorXd::Zero(2), three).ok());
  const std::array<double, 2> nan = {1, NAN}, good = {1, 2};
  EXPECT_FALSE(optimizer.Tell(VectorXd::Zero(2), nan).ok());
  EXPECT_FALSE(optimizer.Tell(VectorXd::Zero(3), good).ok());
  EXPECT_EQ(optimizer.size(), 0u);
}

}  // namespace
}  // namespace ronchi::agents
