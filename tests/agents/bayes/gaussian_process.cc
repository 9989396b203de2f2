#include "agents/bayes/gaussian_process.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <vector>

#include "tests/agents/bayes/gp_data.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

TEST(GaussianProcess, AgreesWithTheTextbookFormulasByDirectInversion) {
  const GpData data = MakeData(25, 3);
  const GpHyperparameters h = MakeHyper(3);
  MatrixXd k(25, 25);
  for (Index i = 0; i < 25; ++i) {
    for (Index j = 0; j < 25; ++j)
      k(i, j) = DefinedKernel(data.inputs.row(i), data.inputs.row(j), h);
    k(i, i) += kNoiseVarianceFloor + std::exp(h.log_noise_variance);
  }
  const MatrixXd inverse = k.fullPivLu().inverse();
  const auto gp = GaussianProcess::Create(data.inputs, data.outputs, h, Kernel::Matern52(3));
  ASSERT_TRUE(gp.ok());
  // Condition number about 1e4: 1e-9 leaves four digits above round-off.
  EXPECT_NEAR(gp->LogMarginalLikelihood(),
              -0.5 * data.outputs.dot(inverse * data.outputs) - 0.5 * std::log(k.determinant()) -
                  12.5 * std::log(2 * M_PI),
              1e-9);
  const VectorXd x = VectorXd::Constant(3, 0.37);
  VectorXd kx(25);
  for (Index i = 0; i < 25; ++i) kx[i] = DefinedKernel(data.inputs.row(i), x, h);
  const GpPrediction p = gp->Predict(x);
  EXPECT_NEAR(p.mean, kx.dot(inverse * data.outputs), 1e-10);
  EXPECT_NEAR(p.variance, DefinedKernel(x, x, h) - kx.dot(inverse * kx), 1e-10);
}

TEST(GaussianProcess, BatchAndGradientPredictionsAreTheSingleOnes) {
  const GpData data = MakeData(30, 4);
  const auto gp =
      GaussianProcess::Create(data.inputs, data.outputs, MakeHyper(4), Kernel::Matern52(4));
  const MatrixXd points = SobolPoints(17, 4, {.seed = 9, .name = "test"});
  VectorXd means, variances;
  gp->PredictMany(points, &means, &variances);
  for (Index i = 0; i < points.rows(); ++i) {
    const GpPrediction one = gp->Predict(points.row(i));
    const GpPrediction with = gp->PredictWithGradient(points.row(i)).value;
    EXPECT_NEAR(means[i], one.mean, 1e-12);  // the same sums in another order
    EXPECT_NEAR(variances[i], one.variance, 1e-12);
    EXPECT_NEAR(with.mean, one.mean, 1e-12);
    EXPECT_NEAR(with.variance, one.variance, 1e-12);
  }
}

TEST(GaussianProcess, PosteriorGradientsAreCentralDifferences) {
  const GpData data = MakeData(20, 3);
  const auto gp =
      GaussianProcess::Create(data.inputs, data.outputs, MakeHyper(3), Kernel::Matern52(3));
  const VectorXd x = (VectorXd(3) << 0.21, 0.64, 0.48).finished();
  const GpPredictionWithGradient p = gp->PredictWithGradient(x);
  const double h = 1e-5;  // truncation h² = 1e-10, round-off 1e-13 / h = 1e-8
  for (Index i = 0; i < 3; ++i) {
    VectorXd up = x, down = x;
    up[i] += h;
    down[i] -= h;
    const GpPrediction a = gp->Predict(up), b = gp->Predict(down);
    EXPECT_NEAR(p.mean_gradient[i], (a.mean - b.mean) / (2 * h), 1e-7);
    EXPECT_NEAR(p.variance_gradient[i], (a.variance - b.variance) / (2 * h), 1e-7);
  }
}

// A sum of a product and a leaf: the textbook's formulas, and both gradients by differences.
TEST(GaussianProcess, TakesAnyKernel) {
  const Kernel kernel = Kernel::Periodic(2) * Kernel::RationalQuadratic(2) + Kernel::Matern32(2);
  const GpData data = MakeData(18, 2);
  VectorXd theta{Index(kernel.size()) + 1};
  for (Index i = 0; i < theta.size(); ++i) theta[i] = -0.5 + 0.3 * std::cos(double(i));
  theta.tail(1).setConstant(-4);
  const GpHyperparameters h = GpHyperparameters::FromVector(theta);
  MatrixXd k = kernel.Evaluate(data.inputs, data.inputs, h.log_kernel) + kMeanVariance;
  k.diagonal().array() += kNoiseVarianceFloor + std::exp(-4.0);
  const MatrixXd inverse = k.fullPivLu().inverse();
  const auto gp = GaussianProcess::Create(data.inputs, data.outputs, h, kernel);
  ASSERT_TRUE(gp.ok());
  const VectorXd x = Eigen::Vector2d(0.37, 0.52);
  const auto predict = [&](const VectorXd& at) {
    const VectorXd kx =
        kernel.Evaluate(data.inputs, at.transpose(), h.log_kernel).col(0) + kMeanVariance;
    return GpPrediction{
        .mean = kx.dot(inverse * data.outputs),
        .variance = kMeanVariance + kernel.Variance(h.log_kernel) - kx.dot(inverse * kx)};
  };
  const GpPredictionWithGradient p = gp->PredictWithGradient(x);
  EXPECT_NEAR(p.value.mean, predict(x).mean, 1e-10);
  EXPECT_NEAR(p.value.variance, predict(x).variance, 1e-10);
  const double step = 1e-5;  // truncation h² = 1e-10, round-off 1e-13 / h = 1e-8
  for (Index i = 0; i < 2; ++i) {
    const VectorXd by = step * VectorXd::Unit(2, i);
    const GpPrediction up = predict(x + by), down = predict(x - by);
    EXPECT_NEAR(p.mean_gradient[i], (up.mean - down.mean) / (2 * step), 1e-6);
    EXPECT_NEAR(p.variance_gradient[i], (up.variance - down.variance) / (2 * step), 1e-6);
  }
  VectorXd gradient;
  LogMarginalLikelihood(data.inputs, data.outputs, h, kernel, &gradient);
  for (Index i = 0; i < theta.size(); ++i) {
    const VectorXd by = step * VectorXd::Unit(theta.size(), i);
    const auto value = [&](const VectorXd& at) {
      return LogMarginalLikelihood(data.inputs, data.outputs, GpHyperparameters::FromVector(at),
                                   kernel, nullptr);
    };
    EXPECT_NEAR(gradient[i], (value(theta + by) - value(theta - by)) / (2 * step), 1e-6) << i;
  }
}

TEST(GaussianProcess, FreeAndMemberLikelihoodsAgree) {
  const GpData data = MakeData(15, 2);
  const auto gp =
      GaussianProcess::Create(data.inputs, data.outputs, MakeHyper(2), Kernel::Matern52(2));
  EXPECT_NEAR(
      gp->LogMarginalLikelihood(),
      LogMarginalLikelihood(data.inputs, data.outputs, MakeHyper(2), Kernel::Matern52(2), nullptr),
      1e-12);
}

TEST(GaussianProcess, AppendingOneByOneEqualsFactorisingAfresh) {
  const GpData data = MakeData(40, 3);
  auto grown = GaussianProcess::Create(data.inputs.topRows(5), data.outputs.head(5), MakeHyper(3),
                                       Kernel::Matern52(3));
  for (Index i = 5; i < 40; ++i)
    ASSERT_TRUE(grown->Append(data.inputs.row(i), data.outputs[i]).ok());
  const auto whole =
      GaussianProcess::Create(data.inputs, data.outputs, MakeHyper(3), Kernel::Matern52(3));
  EXPECT_NEAR(grown->LogMarginalLikelihood(), whole->LogMarginalLikelihood(), 1e-9);
  const MatrixXd points = SobolPoints(20, 3, {.seed = 5, .name = "test"});
  for (Index i = 0; i < points.rows(); ++i) {
    const GpPrediction a = grown->Predict(points.row(i)), b = whole->Predict(points.row(i));
    EXPECT_NEAR(a.mean, b.mean, 1e-9);  // condition number × round-off, with a margin
    EXPECT_NEAR(a.variance, b.variance, 1e-9);
  }
}

// log p(outputs) in long double, from the definition; Cholesky by the textbook's loop.
long double LongLikelihood(const GpData& data, const std::vector<long double>& theta) {
  const size_t n = size_t(data.inputs.rows()), d = theta.size() - 2;
  std::vector<std::vector<long double>> l(n, std::vector<long double>(n));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      long double r2 = 0;
      for (size_t c = 0; c < d; ++c) {
        const long double z =
            ((long double)data.inputs(Index(i), Index(c)) - data.inputs(Index(j), Index(c))) /
            expl(theta[c]);
        r2 += z * z;
      }
      const long double t = sqrtl(5 * r2);
      l[i][j] = kMeanVariance + expl(theta[d]) * (1 + t + 5 * r2 / 3) * expl(-t);
    }
    l[i][i] += kNoiseVarianceFloor + expl(theta[d + 1]);
  }
  long double value = -logl(2 * acosl(-1.0L)) * n / 2;
  std::vector<long double> white(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      for (size_t k = 0; k < j; ++k) l[i][j] -= l[i][k] * l[j][k];
      l[i][j] = i == j ? sqrtl(l[i][j]) : l[i][j] / l[j][j];
    }
    white[i] = data.outputs[Index(i)];
    for (size_t k = 0; k < i; ++k) white[i] -= l[i][k] * white[k];
    white[i] /= l[i][i];
    value -= white[i] * white[i] / 2 + logl(l[i][i]);
  }
  return value;
}

TEST(GaussianProcess, LikelihoodAndGradientAreThoseOfLongDoubleToTenDigits) {
  const GpData data = MakeData(30, 4);
  const VectorXd theta = MakeHyper(4).ToVector();
  VectorXd gradient;
  const double value =
      LogMarginalLikelihood(data.inputs, data.outputs, GpHyperparameters::FromVector(theta),
                            Kernel::Matern52(4), &gradient);
  const std::vector<long double> at(theta.begin(), theta.end());
  EXPECT_NEAR(value, double(LongLikelihood(data, at)), 1e-10 * std::abs(value));
  for (size_t i = 0; i < at.size(); ++i) {
    const auto difference = [&](long double h) {
      std::vector<long double> up = at, down = at;
      up[i] += h;
      down[i] -= h;
      return (LongLikelihood(data, up) - LongLikelihood(data, down)) / (2 * h);
    };
    // Richardson: truncation of order h⁴ = 1e-16, round-off 1e-18 / h = 1e-14.
    const long double h = 1e-4L, limit = (4 * difference(h / 2) - difference(h)) / 3;
    EXPECT_NEAR(gradient[Index(i)], double(limit), 1e-10 * gradient.cwiseAbs().maxCoeff()) << i;
  }
}

// Users of other libraries meet "not positive definite" here.
TEST(GaussianProcess, SurvivesClusteredAndRepeatedPoints) {
  GpHyperparameters h = MakeHyper(3);
  h.log_kernel.setConstant(std::log(30.0));  // nearly a constant: rank one
  h.log_noise_variance = std::log(1e-7);
  h.log_kernel[3] = std::log(1e3);
  MatrixXd x = MatrixXd::Constant(60, 3, 0.5);
  for (Index i = 30; i < 60; ++i) x(i, 0) += 1e-9 * double(i);
  VectorXd y(60);
  for (Index i = 0; i < 60; ++i) y[i] = i % 2 ? 0.01 : -0.01;
  auto gp = GaussianProcess::Create(x, y, h, Kernel::Matern52(3));
  ASSERT_TRUE(gp.ok()) << gp.status();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(gp->Append(x.row(0), 0.01).ok());
  const GpPrediction p = gp->Predict(x.row(0));
  EXPECT_TRUE(std::isfinite(p.mean));
  EXPECT_GT(p.variance, 0);
  EXPECT_LT(std::abs(p.mean), 0.02);
}

}  // namespace
}  // namespace ronchi::agents
