// Acquisition functions: which point of the unit cube to look at next, given a Gaussian process.
// Each is a file of its own: expected_improvement.h, upper_confidence.h, thompson.h. Values of
// theirs are immutable and may be shared between threads.
#pragma once

#include <Eigen/Core>
#include <functional>

#include "agents/bayes/acquisition_optimizer.h"
#include "agents/bayes/gaussian_process.h"
#include "core/random.h"

namespace ronchi::agents {

class Acquisition {
 public:
  virtual ~Acquisition() = default;
  // A point [d] of the unit cube; a function of the arguments alone. `near` [k, d] (k may be 0) are
  // points to be tried beside those of the whole cube.
  virtual Eigen::VectorXd Next(const GaussianProcess& gp, const Eigen::MatrixXd& near,
                               const StreamKey& key, const AcquisitionOptions& options) const = 0;
};

// A function of the posterior mean and standard deviation at a point, with its derivatives.
struct OfMoments {
  double value = 0;
  double d_mean = 0, d_sigma = 0;
};
using MomentFunction = std::function<OfMoments(double mean, double sigma)>;

// Where in the unit cube it is highest (agents/bayes/acquisition_optimizer.h): a point [d − c]
// where the last inputs are a `context` [c] that stands (c may be 0). `near` [k, d − c].
Eigen::VectorXd MaximizeOfMoments(const GaussianProcess& gp, const MomentFunction& f,
                                  const Eigen::MatrixXd& near, const StreamKey& key,
                                  const AcquisitionOptions& options,
                                  const Eigen::VectorXd& context = Eigen::VectorXd(0));
// [m, d − c] → [m, d], with the context behind each.
Eigen::MatrixXd InContext(const Eigen::MatrixXd& points, const Eigen::VectorXd& context);

}  // namespace ronchi::agents
