#include "agents/bayes/acquisition.h"

#include <gtest/gtest.h>

#include <cmath>

#include "agents/bayes/expected_improvement.h"
#include "agents/bayes/thompson.h"
#include "agents/bayes/upper_confidence.h"
#include "tests/agents/bayes/gp_data.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// One conformance body: whatever the rule, it stays in the cube, is a function of its key, and with
// a posterior that has one clear peak it goes there.
void ExpectConforms(const Acquisition& rule) {
  const Index n = 40;
  MatrixXd x = SobolPoints(size_t(n), 2, {.seed = 6, .name = "test"});
  VectorXd y(n);
  const Eigen::Vector2d peak(0.3, 0.6);
  for (Index i = 0; i < n; ++i) y[i] = -10 * (x.row(i).transpose() - peak).squaredNorm();
  const GpHyperparameters h = GpHyperparameters::FromVector(
      (VectorXd(4) << 0, 0, std::log(100.0), std::log(1e-6)).finished());
  const auto gp = GaussianProcess::Create(x, y, h, Kernel::Matern52(2));
  ASSERT_TRUE(gp.ok());
  const StreamKey key = {.seed = 3, .name = "test"};
  const MatrixXd none(0, 2), near = peak.transpose();
  for (const MatrixXd& beside : {none, near}) {
    const VectorXd next = rule.Next(*gp, beside, key, {});
    EXPECT_TRUE((next.array() >= 0 && next.array() <= 1).all());
    EXPECT_EQ(next, rule.Next(*gp, beside, key, {}));
    // 256 Sobol points are a sixteenth of the side apart.
    EXPECT_LT((next - peak).norm(), 0.1) << next.transpose();
  }
}

TEST(Acquisition, RulesConform) {
  ExpectConforms(*MakeExpectedImprovement());
  ExpectConforms(**MakeUpperConfidence(4));
  ExpectConforms(*MakeThompson());
}

// Over a grid of a line: no point of it is better than the one that is found.
TEST(Acquisition, MaximizesAFunctionOfTheMoments) {
  const GpData data = MakeData(6, 1);
  const auto gp =
      GaussianProcess::Create(data.inputs, data.outputs, MakeHyper(1), Kernel::Matern52(1));
  for (const double beta : {0.0, 1.0, 9.0}) {
    const auto rule = *MakeUpperConfidence(beta);
    const auto bound = [&](double x) {
      const GpPrediction p = gp->Predict(VectorXd::Constant(1, x));
      return p.mean + std::sqrt(beta * p.variance);
    };
    const double found = bound(rule->Next(*gp, MatrixXd(0, 1), {.name = "test"}, {})[0]);
    for (double x = 0; x <= 1; x += 1e-3) EXPECT_LE(bound(x), found + 1e-5) << x;
  }
}

TEST(Acquisition, RefusesAConfidenceThatIsNone) {
  EXPECT_TRUE(absl::IsInvalidArgument(MakeUpperConfidence(-1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MakeUpperConfidence(std::nan("")).status()));
}

// A thousand draws have the mean and variance of the posterior within their standard errors, and
// the correlation of neighbours.
TEST(Acquisition, DrawsAreOfThePosterior) {
  const GpData data = MakeData(5, 1);
  const auto gp =
      GaussianProcess::Create(data.inputs, data.outputs, MakeHyper(1), Kernel::Matern52(1));
  MatrixXd points(3, 1);
  points << 0.02, 0.021, 0.93;
  RandomStream stream({.seed = 5, .name = "test"});
  const int draws = 2000;
  VectorXd sum = VectorXd::Zero(3), squares = VectorXd::Zero(3);
  double apart = 0;
  for (int i = 0; i < draws; ++i) {
    const VectorXd draw = gp->Draw(points, stream);
    sum += draw;
    squares += draw.cwiseAbs2();
    apart = std::max(apart, std::abs(draw[0] - draw[1]));
  }
  for (Index i = 0; i < 3; ++i) {
    const GpPrediction p = gp->Predict(points.row(i));
    const double mean = sum[i] / draws, variance = squares[i] / draws - mean * mean;
    EXPECT_NEAR(mean, p.mean, 4 * std::sqrt(p.variance / draws));
    EXPECT_NEAR(variance / p.variance, 1, 4 * std::sqrt(2.0 / draws));
  }
  // Neighbours 0.001 apart, with slopes of some s/ℓ = 4 and more seldom than four times that.
  EXPECT_LT(apart, 0.03);
}

}  // namespace
}  // namespace ronchi::agents
