#include "agents/bayes/feasibility.h"

#include <cmath>

#include "agents/bayes/log_ei.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

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
