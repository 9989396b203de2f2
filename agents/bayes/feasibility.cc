#include "agents/bayes/feasibility.h"

#include <cmath>

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

LogPhi ComputeLogPhi(double z) {
  constexpr double kHalfLogTwoPi = 0.91893853320467274178;
  constexpr double kSqrtHalf = 0.70710678118654752440;
  const double log_density = -0.5 * z * z - kHalfLogTwoPi;
  if (z > -5) {
    const double phi = 0.5 * std::erfc(-z * kSqrtHalf);
    // Where Φ is nearly 1 its logarithm is that of what is missing.
    const double value = z > 1 ? std::log1p(-0.5 * std::erfc(z * kSqrtHalf)) : std::log(phi);
    return {value, std::exp(log_density) / phi};
  }
  // Laplace's continued fraction of the tail, Φ(−t) = φ(t)/(t + 1/(t + 2/(t + …))): 40 terms are
  // enough from t = 5 on (agents/bayes/log_ei.cc).
  const double t = -z;
  double denominator = t;
  for (int k = 40; k >= 1; --k) denominator = t + k / denominator;
  return {log_density - std::log(denominator), denominator};
}

VectorXd LogFeasibility(const GaussianProcess& gp, double limit, const MatrixXd& x) {
  VectorXd means, variances;
  gp.PredictMany(x, &means, &variances);
  VectorXd out(x.rows());
  for (Index i = 0; i < out.size(); ++i) {
    out[i] = ComputeLogPhi((limit - means[i]) / std::sqrt(variances[i])).value;
  }
  return out;
}

double LogFeasibility(const GaussianProcess& gp, double limit, const VectorXd& x,
                      VectorXd* gradient) {
  const GpPredictionWithGradient p = gp.PredictWithGradient(x);
  const double sigma = std::sqrt(p.value.variance);
  const double z = (limit - p.value.mean) / sigma;
  const LogPhi log_phi = ComputeLogPhi(z);
  *gradient = log_phi.derivative *
              (-p.mean_gradient / sigma - z / (2 * p.value.variance) * p.variance_gradient);
  return log_phi.value;
}

}  // namespace ronchi::agents
