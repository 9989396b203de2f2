// Where to look in a context: inputs that are observed and not chosen (time, drift, temperature,
// dose so far), which the process has as its last dimensions. Each has a length scale of its own:
// that of time is how long an observation is worth anything, which is learned with the rest, so
// that a moving optimum is followed without a window that somebody would have to choose.
#pragma once

#include "agents/bayes/acquisition.h"

namespace ronchi::agents {

// The point [d − c] of the unit cube with the largest expected improvement in this context [c],
// over the best posterior mean there at the points observed, whenever it was.
Eigen::VectorXd NextInContext(const GaussianProcess& gp, const Eigen::VectorXd& context,
                              const StreamKey& key, const AcquisitionOptions& options);
// The point with the largest posterior mean in this context.
Eigen::VectorXd BestInContext(const GaussianProcess& gp, const Eigen::VectorXd& context,
                              const StreamKey& key, const AcquisitionOptions& options);

}  // namespace ronchi::agents
