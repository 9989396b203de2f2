#include "agents/bayes/map_fit.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>

#include "tests/agents/bayes/gp_data.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Halving the step of a central difference must quarter its distance from the analytic gradient.
TEST(MapFit, LikelihoodGradientIsTheLimitOfCentralDifferencesAtSecondOrder) {
  const GpData data = MakeData(20, 3);
  const VectorXd theta = MakeHyper(3).ToVector();
  VectorXd gradient;
  const GpPrior prior = GpPrior::Broad(3);
  LogPosterior({&data, 1}, prior, theta, &gradient);
  for (Index i = 0; i < theta.size(); ++i) {
    auto error = [&](double h) {
      VectorXd up = theta, down = theta;
      up[i] += h;
      down[i] -= h;
      return (LogPosterior({&data, 1}, prior, up, nullptr) -
              LogPosterior({&data, 1}, prior, down, nullptr)) /
                 (2 * h) -
             gradient[i];
    };
    EXPECT_NEAR(error(0.02) / error(0.01), 4.0, 0.05) << "hyper-parameter " << i;
    EXPECT_NEAR(error(1e-4), 0, 1e-6 * (1 + std::abs(gradient[i])));
  }
}

// Draws from a process of known hyper-parameters: the fit finds them within their own uncertainty.
TEST(MapFit, FindsTheHyperparametersThatMadeTheData) {
  const Index n = 120;
  GpHyperparameters truth = MakeHyper(2);
  truth.log_kernel.head(2) << std::log(0.15), std::log(0.6);
  truth.log_noise_variance = std::log(0.01);
  const MatrixXd x = SobolPoints(n, 2, {.seed = 4, .name = "test"});
  MatrixXd k(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) k(i, j) = DefinedKernel(x.row(i), x.row(j), truth);
    k(i, i) += 0.01;
  }
  RandomStream stream({.seed = 8, .name = "test"});
  VectorXd white(n);
  for (double& w : white) w = stream.Normal();
  const VectorXd y = Eigen::LLT<MatrixXd>(k).matrixL() * white;
  const GpData data = {x, y};
  const GpHyperparameters fit = FitMap({&data, 1}, GpPrior::Broad(2), {});
  // Length scales and variances of a process in a box of a few length scales are known to about
  // 25 %; four of those.
  EXPECT_NEAR(fit.log_kernel[0], truth.log_kernel[0], 0.6);
  EXPECT_NEAR(fit.log_kernel[1], truth.log_kernel[1], 0.9);
  EXPECT_NEAR(fit.log_noise_variance, truth.log_noise_variance, 0.8);
  const GpPrior prior = GpPrior::Broad(2);
  EXPECT_GE(LogPosterior({&data, 1}, prior, fit.ToVector(), nullptr),
            LogPosterior({&data, 1}, prior, truth.ToVector(), nullptr));
}

}  // namespace
}  // namespace ronchi::agents
