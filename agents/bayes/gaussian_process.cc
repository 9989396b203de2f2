#include "agents/bayes/gaussian_process.h"

#include <algorithm>
#include <cmath>

namespace ronchi::agents {
namespace {

using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kLogTwoPi = 1.8378770664093454836;
// A posterior variance is a difference and rounds below zero next to the data; 1e-12 of the
// outputs' variance is far below the noise floor.
constexpr double kVarianceFloor = 1e-12;

double NoiseVariance(const GpHyperparameters& h) {
  return kNoiseVarianceFloor + std::exp(h.log_noise_variance);
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
  VectorXd v(log_kernel.size() + 1);
  v << log_kernel, log_noise_variance;
  return v;
}

GpHyperparameters GpHyperparameters::FromVector(const VectorXd& v) {
  return {.log_kernel = v.head(v.size() - 1), .log_noise_variance = v[v.size() - 1]};
}

absl::StatusOr<GaussianProcess> GaussianProcess::Create(MatrixXd inputs, VectorXd outputs,
                                                        GpHyperparameters hyperparameters,
                                                        Kernel kernel) {
  RONCHI_CHECK_EQ(inputs.rows(), outputs.size());
  RONCHI_CHECK_EQ(size_t(inputs.cols()), kernel.dimension());
  RONCHI_CHECK_EQ(size_t(hyperparameters.log_kernel.size()), kernel.size());
  RONCHI_RETURN_IF_ERROR(CheckNumbers(inputs, outputs, hyperparameters.ToVector()));
  GaussianProcess gp(std::move(kernel));
  gp.inputs_ = std::move(inputs);
  gp.outputs_ = std::move(outputs);
  gp.hyperparameters_ = std::move(hyperparameters);
  gp.prior_variance_ = kMeanVariance + gp.kernel_.Variance(gp.hyperparameters_.log_kernel);
  gp.Factorize();
  return gp;
}

void GaussianProcess::Factorize() {
  MatrixXd covariance =
      (kMeanVariance + kernel_.Evaluate(inputs_, inputs_, hyperparameters_.log_kernel)).matrix();
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
  const VectorXd k =
      kernel_.AtPoint(inputs_, input, hyperparameters_.log_kernel, nullptr).array() + kMeanVariance;
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

  factor_.conservativeResize(n + 1, n + 1);
  factor_.col(n).setZero();
  factor_.row(n).head(n) = row.transpose();
  factor_(n, n) = std::sqrt(pivot);
  SolveWeights();
  return absl::OkStatus();
}

GpPrediction GaussianProcess::Predict(const VectorXd& x) const {
  const VectorXd k =
      kernel_.AtPoint(inputs_, x, hyperparameters_.log_kernel, nullptr).array() + kMeanVariance;
  const VectorXd v = factor_.triangularView<Eigen::Lower>().solve(k);
  return {.mean = k.dot(weights_),
          .variance = std::max(kVarianceFloor, prior_variance_ - v.squaredNorm())};
}

GpPredictionWithGradient GaussianProcess::PredictWithGradient(const VectorXd& x) const {
  MatrixXd jacobian;  // [n, d]
  const VectorXd k =
      kernel_.AtPoint(inputs_, x, hyperparameters_.log_kernel, &jacobian).array() + kMeanVariance;
  VectorXd solved = factor_.triangularView<Eigen::Lower>().solve(k);
  const double variance = prior_variance_ - solved.squaredNorm();
  factor_.triangularView<Eigen::Lower>().transpose().solveInPlace(solved);  // K⁻¹ k
  GpPredictionWithGradient result;
  result.value = {.mean = k.dot(weights_), .variance = std::max(kVarianceFloor, variance)};
  result.mean_gradient = jacobian.transpose() * weights_;
  result.variance_gradient = -2.0 * jacobian.transpose() * solved;
  return result;
}

void GaussianProcess::PredictMany(const MatrixXd& x, VectorXd* means, VectorXd* variances) const {
  MatrixXd k =  // [n, m]
      (kMeanVariance + kernel_.Evaluate(inputs_, x, hyperparameters_.log_kernel)).matrix();
  *means = k.transpose() * weights_;
  if (!variances) return;
  factor_.triangularView<Eigen::Lower>().solveInPlace(k);
  *variances =
      (prior_variance_ - k.colwise().squaredNorm().transpose().array()).max(kVarianceFloor);
}

VectorXd GaussianProcess::Draw(const MatrixXd& x, RandomStream& stream) const {
  MatrixXd k =  // [n, m]
      (kMeanVariance + kernel_.Evaluate(inputs_, x, hyperparameters_.log_kernel)).matrix();
  VectorXd draw = k.transpose() * weights_;
  factor_.triangularView<Eigen::Lower>().solveInPlace(k);
  MatrixXd covariance =
      (kMeanVariance + kernel_.Evaluate(x, x, hyperparameters_.log_kernel)).matrix();
  covariance.noalias() -= k.transpose() * k;
  covariance.diagonal() = covariance.diagonal().cwiseMax(kVarianceFloor);
  MatrixXd factor;
  FactorizeWithJitter(covariance, &factor);
  VectorXd white(x.rows());
  for (double& one : white) one = stream.Normal();
  draw.noalias() += factor.triangularView<Eigen::Lower>() * white;
  return draw;
}

double GaussianProcess::LogMarginalLikelihood() const {
  return LogDensity(factor_, outputs_, weights_);
}

double LogMarginalLikelihood(const MatrixXd& inputs, const VectorXd& outputs,
                             const GpHyperparameters& hyperparameters, const Kernel& kernel,
                             VectorXd* gradient) {
  const Index n = inputs.rows(), p = hyperparameters.log_kernel.size();
  Kernel::Tape tape;
  MatrixXd covariance = gradient
                            ? kernel.Evaluate(inputs, hyperparameters.log_kernel, &tape).matrix()
                            : kernel.Evaluate(inputs, inputs, hyperparameters.log_kernel).matrix();
  covariance.array() += kMeanVariance;
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
  gradient->resize(p + 1);
  gradient->head(p) =
      0.5 * kernel.ParameterGradient(inputs, hyperparameters.log_kernel, tape, w.array());
  (*gradient)[p] = 0.5 * std::exp(hyperparameters.log_noise_variance) * w.trace();
  return value;
}

}  // namespace ronchi::agents
