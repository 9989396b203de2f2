#include "agents/bayes/acquisition.h"

#include <cmath>

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

VectorXd MaximizeOfMoments(const GaussianProcess& gp, const MomentFunction& f, const MatrixXd& near,
                           const StreamKey& key, const AcquisitionOptions& options) {
  const BatchFunction many = [&](const MatrixXd& points) {
    VectorXd means, variances;
    gp.PredictMany(points, &means, &variances);
    VectorXd values(means.size());
    for (Index i = 0; i < means.size(); ++i) {
      values[i] = f(means[i], std::sqrt(variances[i])).value;
    }
    return values;
  };
  const SmoothFunction one = [&](const VectorXd& x, VectorXd* gradient) {
    const GpPredictionWithGradient p = gp.PredictWithGradient(x);
    const double sigma = std::sqrt(p.value.variance);
    const OfMoments of = f(p.value.mean, sigma);
    *gradient = of.d_mean * p.mean_gradient + of.d_sigma / (2 * sigma) * p.variance_gradient;
    return of.value;
  };
  return MaximizeOverCube(many, one, gp.dimension(), near, key, options).x;
}

}  // namespace ronchi::agents
