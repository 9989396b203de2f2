#include "agents/bayes/feasibility.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/agents/bayes/gp_data.h"

namespace ronchi::agents {
namespace {

using Eigen::VectorXd;

TEST(Feasibility, LogPhiAgreesWithLongDouble) {
  for (double z = -12; z <= 8; z += 0.03125) {
    const long double phi = erfcl(-(long double)(z) / sqrtl(2.0L)) / 2;
    const double value =
        double(z > 1 ? log1pl(-erfcl((long double)(z) / sqrtl(2.0L)) / 2) : logl(phi));
    const double derivative = double(expl(-(long double)(z)*z / 2) / sqrtl(2 * acosl(-1.0L)) / phi);
    const LogPhi log_phi = ComputeLogPhi(z);
    EXPECT_NEAR(log_phi.value / value, 1, 1e-14) << z;
    EXPECT_NEAR(log_phi.derivative / derivative, 1, 1e-13) << z;
  }
}

TEST(Feasibility, LogPhiFollowsItsAsymptoticSeries) {
  for (double z : {-40.0, -1e3, -1e6}) {
    // Φ(−t) = φ(t)/t (1 − 1/t² + 3/t⁴ − 15/t⁶ + 105/t⁸ …): good to 3e-14 at t = 40
    const double q = 1 / (z * z);
    const double value = -0.5 * z * z - 0.5 * std::log(2 * M_PI) - std::log(-z) +
                         std::log1p(-q * (1 - 3 * q * (1 - 5 * q * (1 - 7 * q))));
    const LogPhi log_phi = ComputeLogPhi(z);
    EXPECT_NEAR(log_phi.value / value, 1, 1e-13) << z;
    EXPECT_NEAR(log_phi.derivative / (-z * (1 + q * (1 - 2 * q))), 1, 1e-8) << z;
  }
}

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
