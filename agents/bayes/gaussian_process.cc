#include "agents/bayes/gaussian_process.h"

#include <algorithm>
#include <cmath>

namespace ronchi::agents {
namespace {

using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kSqrt5 = 2.2360679774997896964;
constexpr double kLogTwoPi = 1.8378770664093454836;
// A posterior variance is a difference and rounds below zero next to the data; 1e-12 of the
// outputs' variance is far below the noise floor.
constexpr double kVarianceFloor = 1e-12;

double NoiseVariance(const GpHyperparameters& h) {
  return kNoiseVarianceFloor + std::exp(h.log_noise_variance);
}

MatrixXd Scale(const MatrixXd& x, const VectorXd& inverse_length_scale) {
  return x * inverse_length_scale.asDiagonal();
}

// [a.rows(), b.rows()] of squared distances. Sums of squared differences, not the Gram identity,
// which cancels for points close together.
ArrayXXd SquaredDistances(const MatrixXd& a, const MatrixXd& b) {
  ArrayXXd squares = ArrayXXd::Zero(a.rows(), b.rows());
  for (Index d = 0; d < a.cols(); ++d) {
    for (Index j = 0; j < b.rows(); ++j) {
      squares.col(j) += (a.col(d).array() - b(j, d)).square();
    }
  }
  return squares;
}

// In place r² → the Matérn 5/2 correlation; `derivative` (may be nullptr) gets
// (5/3)(1 + √5 r) e^{−√5 r} = −2 dk/d(r²).
template <class Distances>
void Matern52(Distances* squares, Distances* derivative) {
  const Distances t = kSqrt5 * squares->sqrt();
  const Distances decay = (-t).exp();
  if (derivative) *derivative = (5.0 / 3.0) * (1 + t) * decay;
  *squares = (1 + t + (5.0 / 3.0) * *squares) * decay;
}

// L of K, with the least jitter of 0, 1e-8, 1e-7 … times the mean of its diagonal that lets it be
// factorised; returns the jitter. It ends: K is positive semi-definite up to round-off, of some
// n 1e-16, and from n times the mean on any matrix of covariances is diagonally dominant.
double FactorizeWithJitter(const MatrixXd& covariance, MatrixXd* factor) {
  const double scale = covariance.diagonal().mean();
  RONCHI_CHECK(std::isfinite(scale) && scale > 0);
  for (double jitter = 0;; jitter = std::max(1e-8, 10 * jitter)) {
    RONCHI_CHECK(jitter <= 1e3 * double(covariance.rows()));
    MatrixXd k = covariance;
    k.diagonal().array() += jitter * scale;
    const Eigen::LLT<MatrixXd> llt(k);
    if (llt.info() == Eigen::Success && llt.matrixLLT().diagonal().allFinite()) {
      *factor = llt.matrixL();
      return jitter * scale;
    }
  }
}

// Beyond these, squares and exponentials of them no longer fit a double.
constexpr double kLargestInput = 1e6, kLargestOutput = 1e12, kLargestLogarithm = 100;

absl::Status CheckNumbers(const MatrixXd& inputs, const VectorXd& outputs, const VectorXd& theta) {
  const auto within = [](const auto& values, double limit) {
    return (values.array().abs() <= limit).all();  // false for NaN
  };
  if (inputs.rows() == 0) return absl::InvalidArgumentError("a Gaussian process of no observation");
  if (!within(inputs, kLargestInput)) {
    return absl::InvalidArgumentError(
        "an input of the Gaussian process is no number or beyond 1e6 sides of the unit cube");
  }
  if (!within(outputs, kLargestOutput)) {
    return absl::InvalidArgumentError(
        "an output of the Gaussian process is no number or beyond 1e12 standard deviations");
  }
  if (!within(theta, kLargestLogarithm)) {
    return absl::InvalidArgumentError(
        "a hyper-parameter of the Gaussian process is no number or its logarithm beyond 100");
  }
  return absl::OkStatus();
}

double LogDensity(const MatrixXd& factor, const VectorXd& outputs, const VectorXd& weights) {
  return -0.5 * outputs.dot(weights) - factor.diagonal().array().log().sum() -
         0.5 * kLogTwoPi * double(outputs.size());
}

VectorXd Solve(const MatrixXd& factor, const VectorXd& b) {
  VectorXd x = factor.triangularView<Eigen::Lower>().solve(b);
  factor.triangularView<Eigen::Lower>().transpose().solveInPlace(x);
  return x;
}

}  // namespace

VectorXd GpHyperparameters::ToVector() const {
  VectorXd v(log_length_scale.size() + 2);
  v << log_length_scale, log_signal_variance, log_noise_variance;
  return v;
}

GpHyperparameters GpHyperparameters::FromVector(const VectorXd& v) {
  const Index d = v.size() - 2;
  return {
      .log_length_scale = v.head(d), .log_signal_variance = v[d], .log_noise_variance = v[d + 1]};
}

absl::StatusOr<GaussianProcess> GaussianProcess::Create(MatrixXd inputs, VectorXd outputs,
                                                        GpHyperparameters hyperparameters) {
  RONCHI_CHECK_EQ(inputs.rows(), outputs.size());
  RONCHI_CHECK_EQ(inputs.cols(), hyperparameters.log_length_scale.size());
  RONCHI_RETURN_IF_ERROR(CheckNumbers(inputs, outputs, hyperparameters.ToVector()));
  GaussianProcess gp;
  gp.inputs_ = std::move(inputs);
  gp.outputs_ = std::move(outputs);
  gp.hyperparameters_ = std::move(hyperparameters);
  gp.inverse_length_scale_ = (-gp.hyperparameters_.log_length_scale.array()).exp();
  gp.signal_variance_ = std::exp(gp.hyperparameters_.log_signal_variance);
  gp.Factorize();
  return gp;
}

void GaussianProcess::Factorize() {
  scaled_ = Scale(inputs_, inverse_length_scale_);
  ArrayXXd k = SquaredDistances(scaled_, scaled_);
  Matern52<ArrayXXd>(&k, nullptr);
  MatrixXd covariance = (kMeanVariance + signal_variance_ * k).matrix();
  covariance.diagonal().array() += NoiseVariance(hyperparameters_);
  diagonal_ = covariance(0, 0) + FactorizeWithJitter(covariance, &factor_);
  SolveWeights();
}

void GaussianProcess::SolveWeights() { weights_ = Solve(factor_, outputs_); }

absl::Status GaussianProcess::Append(const VectorXd& input, double output) {
  RONCHI_CHECK_EQ(input.size(), inputs_.cols());
  RONCHI_RETURN_IF_ERROR(
      CheckNumbers(input.transpose(), VectorXd::Constant(1, output), VectorXd(0)));
  const Index n = inputs_.rows();
  const VectorXd k = Covariances(input, nullptr);
  const VectorXd row = factor_.triangularView<Eigen::Lower>().solve(k);
  const double pivot = diagonal_ - row.squaredNorm();

  inputs_.conservativeResize(n + 1, Eigen::NoChange);
  inputs_.row(n) = input.transpose();
  outputs_.conservativeResize(n + 1);
  outputs_[n] = output;
  // The noise bounds the pivot from below; where rounding has eaten more than half of that, start
  // afresh (and with jitter, if need be).
  if (!(pivot > 0.5 * NoiseVariance(hyperparameters_))) {
    Factorize();
    return absl::OkStatus();
  }

  scaled_.conservativeResize(n + 1, Eigen::NoChange);
  scaled_.row(n) = input.cwiseProduct(inverse_length_scale_).transpose();
  factor_.conservativeResize(n + 1, n + 1);
  factor_.col(n).setZero();
  factor_.row(n).head(n) = row.transpose();
  factor_(n, n) = std::sqrt(pivot);
  SolveWeights();
  return absl::OkStatus();
}

VectorXd GaussianProcess::Covariances(const VectorXd& x, VectorXd* derivative_factor) const {
  const Eigen::RowVectorXd z = x.cwiseProduct(inverse_length_scale_).transpose();
  Eigen::ArrayXd k = (scaled_.rowwise() - z).rowwise().squaredNorm().array();
  if (derivative_factor) {
    Eigen::ArrayXd g;
    Matern52<Eigen::ArrayXd>(&k, &g);
    *derivative_factor = (signal_variance_ * g).matrix();
  } else {
    Matern52<Eigen::ArrayXd>(&k, nullptr);
  }
  return (kMeanVariance + signal_variance_ * k).matrix();
}

GpPrediction GaussianProcess::Predict(const VectorXd& x) const {
  const VectorXd k = Covariances(x, nullptr);
  const VectorXd v = factor_.triangularView<Eigen::Lower>().solve(k);
  return {.mean = k.dot(weights_),
          .variance = std::max(kVarianceFloor, kMeanVariance + signal_variance_ - v.squaredNorm())};
}

GpPredictionWithGradient GaussianProcess::PredictWithGradient(const VectorXd& x) const {
  VectorXd g;
  const VectorXd k = Covariances(x, &g);
  VectorXd solved = factor_.triangularView<Eigen::Lower>().solve(k);
  const double variance = kMeanVariance + signal_variance_ - solved.squaredNorm();
  factor_.triangularView<Eigen::Lower>().transpose().solveInPlace(solved);  // K⁻¹ k

  const Eigen::RowVectorXd z = x.cwiseProduct(inverse_length_scale_).transpose();
  // [n, d]: dk_j/dx_i = g_j (scaled_ji − z_i) / ℓ_i
  const MatrixXd jacobian =
      g.asDiagonal() * (scaled_.rowwise() - z) * inverse_length_scale_.asDiagonal();
  GpPredictionWithGradient result;
  result.value = {.mean = k.dot(weights_), .variance = std::max(kVarianceFloor, variance)};
  result.mean_gradient = jacobian.transpose() * weights_;
  result.variance_gradient = -2.0 * jacobian.transpose() * solved;
  return result;
}

void GaussianProcess::PredictMany(const MatrixXd& x, VectorXd* means, VectorXd* variances) const {
  ArrayXXd correlations = SquaredDistances(scaled_, Scale(x, inverse_length_scale_));
  Matern52<ArrayXXd>(&correlations, nullptr);
  MatrixXd k = (kMeanVariance + signal_variance_ * correlations).matrix();  // [n, m]
  *means = k.transpose() * weights_;
  if (!variances) return;
  factor_.triangularView<Eigen::Lower>().solveInPlace(k);
  *variances = (kMeanVariance + signal_variance_ - k.colwise().squaredNorm().transpose().array())
                   .max(kVarianceFloor);
}

double GaussianProcess::LogMarginalLikelihood() const {
  return LogDensity(factor_, outputs_, weights_);
}

double LogMarginalLikelihood(const MatrixXd& inputs, const VectorXd& outputs,
                             const GpHyperparameters& hyperparameters, VectorXd* gradient) {
  const Index n = inputs.rows(), d = inputs.cols();
  const double signal = std::exp(hyperparameters.log_signal_variance);
  const MatrixXd z = Scale(inputs, (-hyperparameters.log_length_scale.array()).exp());
  ArrayXXd correlation = SquaredDistances(z, z), g;
  Matern52<ArrayXXd>(&correlation, gradient ? &g : nullptr);
  MatrixXd covariance = (kMeanVariance + signal * correlation).matrix();
  covariance.diagonal().array() += NoiseVariance(hyperparameters);
  MatrixXd factor;
  FactorizeWithJitter(covariance, &factor);
  const VectorXd weights = Solve(factor, outputs);
  const double value = LogDensity(factor, outputs, weights);
  if (!gradient) return value;

  // dL/dθ = ½ tr(W dK/dθ), W = ααᵀ − K⁻¹ (Rasmussen & Williams 2006, eq. 5.9).
  MatrixXd inverse_factor = MatrixXd::Identity(n, n);
  factor.triangularView<Eigen::Lower>().solveInPlace(inverse_factor);
  MatrixXd w = weights * weights.transpose();
  w.noalias() -= inverse_factor.transpose().triangularView<Eigen::Upper>() * inverse_factor;
  gradient->resize(d + 2);
  const ArrayXXd h = w.array() * g;  // dK/d log ℓ_i = s² g (Δ_i/ℓ_i)²
  for (Index i = 0; i < d; ++i) {
    double sum = 0;
    for (Index j = 0; j < n; ++j) sum += (h.col(j) * (z.col(i).array() - z(j, i)).square()).sum();
    (*gradient)[i] = 0.5 * signal * sum;
  }
  (*gradient)[d] = 0.5 * signal * (w.array() * correlation).sum();
  (*gradient)[d + 1] = 0.5 * std::exp(hyperparameters.log_noise_variance) * w.trace();
  return value;
}

}  // namespace ronchi::agents
