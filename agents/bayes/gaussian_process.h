// Gaussian-process regression (Rasmussen & Williams 2006, chapters 2 and 5) with any kernel
// (agents/bayes/kernel.h), learned noise and a marginalised constant mean: the covariance of two
// observations is m² + k(x, x'), with the noise on the diagonal.
// Inputs lie in the unit cube; outputs are standardised by the caller (mean 0, variance 1, about).
// The constant m² = 1 (in those units) is the prior variance of the mean, so that the mean is
// integrated out exactly and needs no estimate of its own.
// Values; serial; every function is deterministic.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include "agents/bayes/kernel.h"
#include "core/random.h"
#include "core/status.h"

namespace ronchi::agents {

// Variances below this part of the outputs' variance are not resolved: it keeps the covariance of
// clustered points well conditioned. BoTorch's and GPyTorch's likelihoods have 1e-4, which hides
// the last hundredth of the way to a maximum of a function without noise.
inline constexpr double kNoiseVarianceFloor = 1e-6;
inline constexpr double kMeanVariance = 1.0;

struct GpHyperparameters {
  Eigen::VectorXd log_kernel;  // [p], of the kernel; Matern52: d length scales, then the variance
  double log_noise_variance = 0;  // the floor applies on top
  // [p + 1]: the kernel's, then the noise.
  Eigen::VectorXd ToVector() const;
  static GpHyperparameters FromVector(const Eigen::VectorXd& v);
};

struct GpPrediction {
  double mean = 0;
  double variance = 0;  // of the function, without the noise of an observation; > 0
};
struct GpPredictionWithGradient {
  GpPrediction value;
  Eigen::VectorXd mean_gradient, variance_gradient;  // [d]
};

class GaussianProcess {
 public:
  // inputs [n, d], outputs [n], n > 0. InvalidArgument: no observation, an input, output or
  // hyper-parameter that is NaN or infinite, or so large (inputs 1e6, outputs 1e12, logarithms 100)
  // that squares overflow. Whatever else is told can be factorised: repeated and clustered points
  // get as much jitter as they need, 1e-8, 1e-7 … of the mean diagonal.
  // The hyper-parameters are those of the kernel; one that has not as many is our own mistake.
  static absl::StatusOr<GaussianProcess> Create(Eigen::MatrixXd inputs, Eigen::VectorXd outputs,
                                                GpHyperparameters hyperparameters, Kernel kernel);

  // One more observation with the same hyper-parameters: O(n²) instead of O(n³). InvalidArgument,
  // with nothing changed, as for Create.
  absl::Status Append(const Eigen::VectorXd& input, double output);

  GpPrediction Predict(const Eigen::VectorXd& x) const;
  GpPredictionWithGradient PredictWithGradient(const Eigen::VectorXd& x) const;
  // x [m, d] → [m] each, in one triangular solve. `variances` may be nullptr.
  void PredictMany(const Eigen::MatrixXd& x, Eigen::VectorXd* means,
                   Eigen::VectorXd* variances) const;

  // One function of the posterior at x [m, d] → [m]: a joint draw. O(m³ + m n²).
  Eigen::VectorXd Draw(const Eigen::MatrixXd& x, RandomStream& stream) const;

  double LogMarginalLikelihood() const;

  size_t size() const { return size_t(outputs_.size()); }
  size_t dimension() const { return size_t(inputs_.cols()); }
  const Eigen::MatrixXd& inputs() const { return inputs_; }
  const Eigen::VectorXd& outputs() const { return outputs_; }
  const GpHyperparameters& hyperparameters() const { return hyperparameters_; }
  const Kernel& kernel() const { return kernel_; }

 private:
  explicit GaussianProcess(Kernel kernel) : kernel_(std::move(kernel)) {}
  void Factorize();
  void SolveWeights();

  Eigen::MatrixXd inputs_;   // [n, d]
  Eigen::VectorXd outputs_;  // [n]
  GpHyperparameters hyperparameters_;
  Kernel kernel_;
  double prior_variance_ = 1;  // of the function
  double diagonal_ = 1;        // with noise and jitter
  Eigen::MatrixXd factor_;     // L, lower; K = L Lᵀ
  Eigen::VectorXd weights_;    // K⁻¹ outputs
};

// log p(outputs | inputs, hyper-parameters) and, unless nullptr, its gradient with respect to
// GpHyperparameters::ToVector(). The numbers are those that Create takes; a covariance without a
// factor gets jitter as there.
double LogMarginalLikelihood(const Eigen::MatrixXd& inputs, const Eigen::VectorXd& outputs,
                             const GpHyperparameters& hyperparameters, const Kernel& kernel,
                             Eigen::VectorXd* gradient);

}  // namespace ronchi::agents
