// The residual on linear problems, where everything is known exactly.
#include "theory/belief/residual.h"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <cmath>
#include <map>

#include "core/random.h"

namespace ronchi::theory {
namespace {

constexpr int kPixels = 200, kParameters = 9, kObservable = 6;

// The first six are watched.
ParameterSet Parameters() {
  std::vector<Parameter> all;
  for (int i = 0; i < kParameters; ++i) {
    all.push_back({.name = "p" + std::to_string(i), .watched = i < kObservable});
  }
  return *ParameterSet::Create(all);
}

struct Problem {
  Eigen::MatrixXd jacobian{kPixels, kParameters};
  Eigen::VectorXd variance{kPixels};
  Eigen::MatrixXd covariance;
  explicit Problem(RandomStream* random) {
    Eigen::MatrixXd root(kParameters, kParameters);
    for (auto& v : jacobian.reshaped()) v = random->Normal();
    for (auto& v : variance) v = random->Uniform(0.5, 4);
    for (auto& v : root.reshaped()) v = 0.1 * random->Normal();
    covariance = root * root.transpose();
  }
  Residual Of(const Eigen::VectorXd& r) const {
    const Eigen::VectorXd w = variance.cwiseInverse();
    return MakeResidual({.information = jacobian.transpose() * w.asDiagonal() * jacobian,
                         .score = jacobian.transpose() * w.cwiseProduct(r),
                         .chi2 = r.cwiseAbs2().dot(w),
                         .data = r.size()},
                        Parameters(), covariance);
  }
};

// A residual that one shift of the parameters explains whole: z is that shift in standard
// deviations of (JᵀWJ)⁻¹ + P, and nothing is left but the missing noise, −√(ν/2).
TEST(Residual, ResolvesAShiftAlongTheParameters) {
  RandomStream random({.seed = 1, .name = "test.residual"});
  const Problem p(&random);
  Eigen::Matrix<double, kObservable, 1> shift;
  shift << 1, -2, 0.5, 3, 0, -0.25;
  const Eigen::MatrixXd j = p.jacobian.leftCols(kObservable);
  const Residual r = p.Of(j * shift);
  const Eigen::MatrixXd total =
      (j.transpose() * p.variance.cwiseInverse().asDiagonal() * j).inverse() +
      p.covariance.topLeftCorner(kObservable, kObservable);
  double largest = 0;
  for (int i = 0; i < kObservable; ++i) {
    EXPECT_NEAR(r.streams[size_t(i)].second, shift[i] / std::sqrt(total(i, i)), 1e-9);
    largest = std::max(largest, std::fabs(r.streams[size_t(i)].second));
  }
  const double freedom = kPixels - kObservable;
  EXPECT_NEAR(r.streams.back().second, -std::sqrt(freedom / 2), 1e-9);
  EXPECT_DOUBLE_EQ(r.Largest(), std::max(largest, std::sqrt(freedom / 2)));
}

// And one that no parameter explains goes whole into the last stream.
TEST(Residual, WhatNoParameterExplainsIsUnexplained) {
  RandomStream random({.seed = 2, .name = "test.residual"});
  const Problem p(&random);
  const Eigen::MatrixXd j = p.jacobian.leftCols(kObservable);
  const Eigen::VectorXd w = p.variance.cwiseInverse();
  Eigen::VectorXd r(kPixels);
  for (double& v : r) v = 10 * random.Normal();
  r -= j * (j.transpose() * w.asDiagonal() * j).inverse() * j.transpose() * w.cwiseProduct(r);
  const Residual residual = p.Of(r);
  for (int i = 0; i < kObservable; ++i) EXPECT_NEAR(residual.streams[size_t(i)].second, 0, 1e-9);
  const double chi2 = r.cwiseAbs2().dot(w), freedom = kPixels - kObservable;
  EXPECT_NEAR(residual.streams.back().second, (chi2 - freedom) / std::sqrt(2 * freedom), 1e-6);
  EXPECT_NEAR(residual.chi2_per_datum, chi2 / kPixels, 1e-9);
}

// Parameters drawn from P and noise from the variances: every stream has mean 0 and variance 1,
// within five standard errors of 4000 draws (of the χ² stream the skewness adds 12/ν to 2).
TEST(Residual, IsStandardNormalWhileTheTheoryHolds) {
  RandomStream random({.seed = 3, .name = "test.residual"});
  const Problem p(&random);
  const Eigen::MatrixXd root = p.covariance.llt().matrixL();
  constexpr int kDraws = 4000;
  std::map<std::string, std::array<double, 2>> moments;
  for (int n = 0; n < kDraws; ++n) {
    State truth(kParameters);
    for (double& v : truth) v = random.Normal();
    truth = root * truth;
    for (int i = kObservable; i < kParameters; ++i) truth[i] = 0;
    Eigen::VectorXd r = p.jacobian * truth;
    for (int i = 0; i < kPixels; ++i) r[i] += std::sqrt(p.variance[i]) * random.Normal();
    for (const auto& [name, z] : p.Of(r).streams) {
      moments[name][0] += z / kDraws;
      moments[name][1] += z * z / kDraws;
    }
  }
  EXPECT_EQ(moments.size(), size_t(kObservable) + 1);
  for (const auto& [name, m] : moments) {
    EXPECT_NEAR(m[0], 0, 5 / std::sqrt(double(kDraws))) << name;
    EXPECT_NEAR(m[1], 1, 5 * std::sqrt(2.1 / kDraws)) << name;
  }
}

TEST(Residual, StreamsAreNamed) {
  RandomStream random({.seed = 4, .name = "test.residual"});
  const Problem p(&random);
  const auto names = StreamsOf(Parameters());
  const Residual r = p.Of(Eigen::VectorXd::Ones(kPixels));
  ASSERT_EQ(names.size(), r.streams.size());
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(r.streams[i].first, names[i]);
  EXPECT_EQ(names[0], "p0");
  EXPECT_EQ(names.back(), "unexplained");
}

}  // namespace
}  // namespace ronchi::theory
