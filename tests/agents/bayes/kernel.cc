#include "agents/bayes/kernel.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <cmath>
#include <functional>

#include "agents/bayes/sobol.h"

namespace ronchi::agents {
namespace {

using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

struct NamedKernel {
  const char* name;
  Kernel kernel;
};
std::vector<NamedKernel> Kernels(size_t d) {
  const Kernel periodic = Kernel::Periodic(d), rational = Kernel::RationalQuadratic(d),
               smooth = Kernel::SquaredExponential(d), rough = Kernel::Matern12(d);
  return {{"Matern12", rough},
          {"Matern32", Kernel::Matern32(d)},
          {"Matern52", Kernel::Matern52(d)},
          {"SquaredExponential", smooth},
          {"RationalQuadratic", rational},
          {"Periodic", periodic},
          {"sum", Kernel::Matern52(d) + periodic},
          {"product", periodic * rational},
          {"both", (smooth + Kernel::Matern32(d)) * (periodic * rough) + rational}};
}
VectorXd SomeTheta(const Kernel& kernel) {
  VectorXd theta{Index(kernel.size())};
  for (Index i = 0; i < theta.size(); ++i) theta[i] = -0.3 + 0.4 * std::sin(1.7 * double(i));
  return theta;
}

// The textbook's formulas, of one pair in one dimension of length scale 0.5 and variance 2.
TEST(Kernel, LeavesAreTheirClosedForms) {
  const double r = std::abs(0.1 - 0.4) / 0.5, alpha = 0.7, period = 0.9;
  const auto is = [](const Kernel& kernel, std::vector<double> more, double correlation) {
    more.insert(more.begin(), {std::log(0.5), std::log(2.0)});
    const VectorXd theta = Eigen::Map<VectorXd>(more.data(), Index(more.size()));
    const MatrixXd a = MatrixXd::Constant(1, 1, 0.1), b = MatrixXd::Constant(1, 1, 0.4);
    EXPECT_NEAR(kernel.Evaluate(a, b, theta)(0, 0), 2 * correlation, 1e-15);
    EXPECT_NEAR(kernel.Evaluate(a, a, theta)(0, 0), 2, 1e-15);
    EXPECT_NEAR(kernel.Variance(theta), 2, 1e-15);
  };
  is(Kernel::Matern12(1), {}, std::exp(-r));
  is(Kernel::Matern32(1), {}, (1 + std::sqrt(3) * r) * std::exp(-std::sqrt(3) * r));
  is(Kernel::Matern52(1), {}, (1 + std::sqrt(5) * r + 5 * r * r / 3) * std::exp(-std::sqrt(5) * r));
  is(Kernel::SquaredExponential(1), {}, std::exp(-r * r / 2));
  is(Kernel::RationalQuadratic(1), {std::log(alpha)}, std::pow(1 + r * r / 2 / alpha, -alpha));
  is(Kernel::Periodic(1), {std::log(period)},
     std::exp(-2 * std::pow(std::sin(M_PI * 0.3 / period) / 0.5, 2)));
}

TEST(Kernel, EachDimensionHasItsLengthScale) {
  const VectorXd theta = Eigen::Vector3d(std::log(0.2), std::log(3.0), 0);
  MatrixXd a(1, 2), b(1, 2);
  a << 0.1, 0.9;
  b << 0.3, 0.3;
  const double r2 = 1 + 0.2 * 0.2;
  EXPECT_NEAR(Kernel::SquaredExponential(2).Evaluate(a, b, theta)(0, 0), std::exp(-r2 / 2), 1e-15);
}

TEST(Kernel, SumsAndProductsAreThoseOfTheirParts) {
  const Kernel a = Kernel::Matern52(3), b = Kernel::Periodic(3);
  const VectorXd theta = SomeTheta(a + b);
  const VectorXd first = theta.head(Index(a.size())), second = theta.tail(Index(b.size()));
  const MatrixXd x = SobolPoints(7, 3, {.seed = 1, .name = "test"});
  const MatrixXd y = SobolPoints(5, 3, {.seed = 2, .name = "test"});
  const ArrayXXd ka = a.Evaluate(x, y, first), kb = b.Evaluate(x, y, second);
  EXPECT_TRUE((a + b).Evaluate(x, y, theta).isApprox(ka + kb, 1e-15));
  EXPECT_TRUE((a * b).Evaluate(x, y, theta).isApprox(ka * kb, 1e-15));
  EXPECT_DOUBLE_EQ((a + b).Variance(theta), a.Variance(first) + b.Variance(second));
  EXPECT_DOUBLE_EQ((a * b).Variance(theta), a.Variance(first) * b.Variance(second));
}

TEST(Kernel, WaysToEvaluateAgree) {
  const MatrixXd x = SobolPoints(9, 3, {.seed = 1, .name = "test"});
  for (const auto& [name, kernel] : Kernels(3)) {
    SCOPED_TRACE(name);
    const VectorXd theta = SomeTheta(kernel);
    const ArrayXXd k = kernel.Evaluate(x, x, theta);
    Kernel::Tape tape;
    EXPECT_TRUE(kernel.Evaluate(x, theta, &tape).isApprox(k, 1e-14));
    EXPECT_TRUE(
        kernel.AtPoint(x, x.row(4).transpose(), theta, nullptr).array().isApprox(k.col(4), 1e-14));
    EXPECT_TRUE((k.matrix().diagonal().array() - kernel.Variance(theta)).abs().maxCoeff() < 1e-14);
    EXPECT_EQ(kernel.parameters().size(), kernel.size());
    // Positive definite, as the points are distinct.
    EXPECT_EQ(Eigen::LLT<MatrixXd>(k.matrix()).info(), Eigen::Success);
  }
}

// Halving the step of a central difference must quarter its distance from the analytic gradient.
void ExpectGradient(const std::function<double(const VectorXd&)>& f, const VectorXd& at,
                    const VectorXd& gradient) {
  for (Index i = 0; i < at.size(); ++i) {
    const auto error = [&](double h) {
      VectorXd up = at, down = at;
      up[i] += h;
      down[i] -= h;
      return (f(up) - f(down)) / (2 * h) - gradient[i];
    };
    const double scale = 1 + gradient.cwiseAbs().maxCoeff();
    EXPECT_NEAR(error(1e-5), 0, 1e-8 * scale) << i;  // h² and round-off over h: some 1e-10 each
    if (std::abs(error(2e-3)) > 1e-7 * scale) {
      EXPECT_NEAR(error(4e-3) / error(2e-3), 4, 0.2) << i;
    }
  }
}

TEST(Kernel, GradientsByParametersAreLimitsOfDifferences) {
  const MatrixXd x = SobolPoints(8, 2, {.seed = 3, .name = "test"});
  MatrixXd weights = SobolPoints(8, 8, {.seed = 4, .name = "test"}).array() - 0.5;
  for (const auto& [name, kernel] : Kernels(2)) {
    SCOPED_TRACE(name);
    const VectorXd theta = SomeTheta(kernel);
    Kernel::Tape tape;
    kernel.Evaluate(x, theta, &tape);
    ExpectGradient(
        [&, &kernel = kernel](const VectorXd& t) {
          return (weights.array() * kernel.Evaluate(x, x, t)).sum();
        },
        theta, kernel.ParameterGradient(x, theta, tape, weights.array()));
  }
}

TEST(Kernel, GradientsByXAreLimitsOfDifferences) {
  const MatrixXd a = SobolPoints(6, 2, {.seed = 3, .name = "test"});
  const VectorXd x = Eigen::Vector2d(0.43, 0.71);
  for (const auto& [name, kernel] : Kernels(2)) {
    SCOPED_TRACE(name);
    const VectorXd theta = SomeTheta(kernel);
    MatrixXd jacobian;
    kernel.AtPoint(a, x, theta, &jacobian);
    for (Index j = 0; j < a.rows(); ++j) {
      ExpectGradient([&, &kernel = kernel](
                         const VectorXd& at) { return kernel.AtPoint(a, at, theta, nullptr)[j]; },
                     x, jacobian.row(j).transpose());
    }
  }
}

}  // namespace
}  // namespace ronchi::agents
