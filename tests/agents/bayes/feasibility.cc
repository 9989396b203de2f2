#include "agents/bayes/feasibility.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/agents/bayes/gp_data.h"

namespace ronchi::agents {
namespace {

using Eigen::VectorXd;

TEST(Feasibility, IsTheShareOfDrawsBelowTheLimit) {
  const GpData data = MakeData(12, 3);
  const GaussianProcess gp =
      *GaussianProcess::Create(data.inputs, data.outputs, MakeHyper(3), Kernel::Matern52(3));
  RandomStream random({.seed = 4, .name = "feasibility"});
  for (int n = 0; n < 20; ++n) {
    const VectorXd x =
        VectorXd::NullaryExpr(Eigen::Index(gp.dimension()), [&] { return random.Uniform(); });
    const GpPrediction p = gp.Predict(x);
    const double limit = p.mean + (random.Uniform() - 0.5) * 3 * std::sqrt(p.variance);
    int below = 0;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i) below += random.Normal(p.mean, std::sqrt(p.variance)) <= limit;
    VectorXd gradient;
    const double value = LogFeasibility(gp, limit, x, &gradient);
    EXPECT_NEAR(std::exp(value), double(below) / kDraws, 4 * std::sqrt(0.25 / kDraws));
    EXPECT_NEAR(LogFeasibility(gp, limit, Eigen::MatrixXd(x.transpose()))[0], value, 1e-11);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      VectorXd up = x, down = x, unused;
      constexpr double kStep = 1e-5;
      up[i] += kStep;
      down[i] -= kStep;
      const double slope =
          (LogFeasibility(gp, limit, up, &unused) - LogFeasibility(gp, limit, down, &unused)) /
          (2 * kStep);
      EXPECT_NEAR(gradient[i], slope, 1e-6 * (1 + std::abs(slope)));
    }
  }
}

}  // namespace
}  // namespace ronchi::agents
