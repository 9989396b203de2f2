#include "agents/bayes/acquisition.h"

#include <cmath>

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd InContext(const MatrixXd& points, const VectorXd& context) {
  MatrixXd out(points.rows(), points.cols() + context.size());
  out.leftCols(points.cols()) = points;
  out.rightCols(context.size()).rowwise() = context.transpose();
  return out;
}

VectorXd MaximizeOfMoments(const GaussianProcess& gp, const MomentFunction& f, const MatrixXd& near,
                           const StreamKey& key, const AcquisitionOptions& options,
                           const VectorXd& context) {
  const Index free = Index(gp.dimension()) - context.size();
  const BatchFunction many = [&](const MatrixXd& points) {
    VectorXd means, variances;
    gp.PredictMany(InContext(points, context), &means, &variances);
    VectorXd values(means.size());
    for (Index i = 0; i < means.size(); ++i) {
      values[i] = f(means[i], std::sqrt(variances[i])).value;
    }
    return values;
  };
  const SmoothFunction one = [&](const VectorXd& x, VectorXd* gradient) {
    VectorXd whole(x.size() + context.size());
    whole << x, context;
    const GpPredictionWithGradient p = gp.PredictWithGradient(whole);
    const double sigma = std::sqrt(p.value.variance);
    const OfMoments of = f(p.value.mean, sigma);
    *gradient =
        (of.d_mean * p.mean_gradient + of.d_sigma / (2 * sigma) * p.variance_gradient).head(free);
    return of.value;
  };
  return MaximizeOverCube(many, one, size_t(free), near, key, options).x;
}

}  // namespace ronchi::agents
