#include "agents/bayes/in_context.h"

#include <algorithm>
#include <cmath>

#include "agents/bayes/log_ei.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

// [m, d − c] → [m, d].
MatrixXd InContext(const MatrixXd& points, const VectorXd& context) {
  MatrixXd out(points.rows(), points.cols() + context.size());
  out.leftCols(points.cols()) = points;
  out.rightCols(context.size()).rowwise() = context.transpose();
  return out;
}

// The points observed, as if in this context, and what is expected there.
struct SeenAgain {
  MatrixXd points;  // [n, d − c], within the cube
  VectorXd means;
};
SeenAgain SeeAgain(const GaussianProcess& gp, const VectorXd& context) {
  SeenAgain out;
  out.points = gp.inputs().leftCols(Index(gp.dimension()) - context.size()).cwiseMax(0).cwiseMin(1);
  gp.PredictMany(InContext(out.points, context), &out.means, nullptr);
  return out;
}

// About the best of them: 32 points, at a hundredth and a tenth of the cube.
MatrixXd NearBest(const SeenAgain& seen, const StreamKey& key) {
  Index at = 0;
  seen.means.maxCoeff(&at);
  RandomStream stream(key);
  MatrixXd near(32, seen.points.cols());
  for (Index i = 0; i < near.rows(); ++i) {
    for (Index d = 0; d < near.cols(); ++d) {
      near(i, d) =
          std::clamp(seen.points(at, d) + stream.Normal(0, i % 2 == 0 ? 0.01 : 0.1), 0.0, 1.0);
    }
  }
  return near;
}

// Of a function of the posterior mean and standard deviation.
VectorXd MaximizeInContext(const GaussianProcess& gp, const VectorXd& context,
                           const MomentFunction& f, const MatrixXd& near, const StreamKey& key,
                           const AcquisitionOptions& options) {
  const Index free = Index(gp.dimension()) - context.size();
  const BatchFunction many = [&](const MatrixXd& points) {
    VectorXd means, variances;
    gp.PredictMany(InContext(points, context), &means, &variances);
    VectorXd values(points.rows());
    for (Index i = 0; i < values.size(); ++i) {
      values[i] = f(means[i], std::sqrt(variances[i])).value;
    }
    return values;
  };
  const SmoothFunction one = [&](const VectorXd& x, VectorXd* gradient) {
    VectorXd whole(x.size() + context.size());
    whole << x, context;
    const GpPredictionWithGradient p = gp.PredictWithGradient(whole);
    const double sigma = std::sqrt(p.value.variance);
    const OfMoments value = f(p.value.mean, sigma);
    *gradient = (value.d_mean * p.mean_gradient + value.d_sigma / (2 * sigma) * p.variance_gradient)
                    .head(free);
    return value.value;
  };
  return MaximizeOverCube(many, one, size_t(free), near, key, options).x;
}

}  // namespace

VectorXd NextInContext(const GaussianProcess& gp, const VectorXd& context, const StreamKey& key,
                       const AcquisitionOptions& options) {
  const SeenAgain seen = SeeAgain(gp, context);
  const double best = seen.means.maxCoeff();
  const MomentFunction improvement = [best](double mean, double sigma) {
    const LogEi ei = ComputeLogEi(mean, sigma, best);
    return OfMoments{ei.value, ei.d_mean, ei.d_sigma};
  };
  return MaximizeInContext(gp, context, improvement, NearBest(seen, key), key, options);
}

VectorXd BestInContext(const GaussianProcess& gp, const VectorXd& context, const StreamKey& key,
                       const AcquisitionOptions& options) {
  const MomentFunction mean = [](double m, double) { return OfMoments{m, 1, 0}; };
  return MaximizeInContext(gp, context, mean, NearBest(SeeAgain(gp, context), key), key, options);
}

}  // namespace ronchi::agents
