#include "agents/bayes/expected_improvement.h"

#include <cmath>

#include "agents/bayes/feasibility.h"
#include "agents/bayes/log_ei.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

class ExpectedImprovement : public Acquisition {
 public:
  VectorXd Next(const GaussianProcess& gp, const MatrixXd& near, const StreamKey& key,
                const AcquisitionOptions& options) const override {
    return NextWithin(gp, {}, near, key, options);
  }
};

}  // namespace

VectorXd EligibleMeans(const GaussianProcess& gp, const std::vector<Constraint>& constraints) {
  VectorXd means;
  gp.PredictMany(gp.inputs(), &means, nullptr);
  for (const Constraint& c : constraints) {
    VectorXd beside;
    c.gp->PredictMany(gp.inputs(), &beside, nullptr);
    for (Index i = 0; i < means.size(); ++i) {
      if (beside[i] > c.limit) means[i] = -INFINITY;
    }
  }
  return means;
}

VectorXd NextWithin(const GaussianProcess& gp, const std::vector<Constraint>& constraints,
                    const MatrixXd& near, const StreamKey& key, const AcquisitionOptions& options) {
  const double best = EligibleMeans(gp, constraints).maxCoeff();
  const bool improves = std::isfinite(best);
  const BatchFunction many = [&](const MatrixXd& points) {
    VectorXd values = VectorXd::Zero(points.rows()), means, variances;
    if (improves) gp.PredictMany(points, &means, &variances);
    for (Index i = 0; improves && i < values.size(); ++i) {
      values[i] = ComputeLogEi(means[i], std::sqrt(variances[i]), best).value;
    }
    for (const Constraint& c : constraints) values += LogFeasibility(*c.gp, c.limit, points);
    return values;
  };
  const SmoothFunction one = [&](const VectorXd& x, VectorXd* gradient) {
    *gradient = VectorXd::Zero(x.size());
    double value = 0;
    if (improves) {
      const GpPredictionWithGradient p = gp.PredictWithGradient(x);
      const double sigma = std::sqrt(p.value.variance);
      const LogEi ei = ComputeLogEi(p.value.mean, sigma, best);
      value = ei.value;
      *gradient = ei.d_mean * p.mean_gradient + ei.d_sigma / (2 * sigma) * p.variance_gradient;
    }
    for (const Constraint& c : constraints) {
      VectorXd more;
      value += LogFeasibility(*c.gp, c.limit, x, &more);
      *gradient += more;
    }
    return value;
  };
  return MaximizeOverCube(many, one, gp.dimension(), near, key, options).x;
}

std::shared_ptr<const Acquisition> MakeExpectedImprovement() {
  return std::make_shared<ExpectedImprovement>();
}

}  // namespace ronchi::agents
