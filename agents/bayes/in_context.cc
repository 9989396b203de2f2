#include "agents/bayes/in_context.h"

#include "agents/bayes/log_ei.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

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

MatrixXd NearBest(const SeenAgain& seen, const StreamKey& key) {
  Index at = 0;
  seen.means.maxCoeff(&at);
  return PointsAbout(seen.points.row(at), key);
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
  return MaximizeOfMoments(gp, improvement, NearBest(seen, key), key, options, context);
}

VectorXd BestInContext(const GaussianProcess& gp, const VectorXd& context, const StreamKey& key,
                       const AcquisitionOptions& options) {
  const MomentFunction mean = [](double m, double) { return OfMoments{m, 1, 0}; };
  return MaximizeOfMoments(gp, mean, NearBest(SeeAgain(gp, context), key), key, options, context);
}

}  // namespace ronchi::agents
