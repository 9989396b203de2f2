// The probability that what is measured beside the objective stays below its limit, by a Gaussian
// process: the weight that expected improvement takes under outcome constraints (Gardner, Kusner,
// Xu, Weinberger & Cunningham, ICML 2014). As a logarithm, it has a gradient however hopeless a
// point is.
#pragma once

#include "agents/bayes/gaussian_process.h"

namespace ronchi::agents {

// log P(f(x) ≤ limit) of many points [m, d] → [m], and at one with its gradient [d].
Eigen::VectorXd LogFeasibility(const GaussianProcess& gp, double limit, const Eigen::MatrixXd& x);
double LogFeasibility(const GaussianProcess& gp, double limit, const Eigen::VectorXd& x,
                      Eigen::VectorXd* gradient);

}  // namespace ronchi::agents
