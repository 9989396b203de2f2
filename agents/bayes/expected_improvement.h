// Expected improvement, by its logarithm (agents/bayes/log_ei.h). With noisy observations the
// incumbent is the highest posterior mean at the points observed, not the highest output, which
// would be the luckiest one (the plug-in of Picheny, Wagner & Ginsbourger, Struct. Multidisc.
// Optim. 48, 607, 2013).
#pragma once

#include <memory>
#include <vector>

#include "agents/bayes/acquisition.h"

namespace ronchi::agents {

std::shared_ptr<const Acquisition> MakeExpectedImprovement();

// What is to stay at or below a limit; the process outlives the call.
struct Constraint {
  const GaussianProcess* gp = nullptr;
  double limit = 0;
};
// Of the points observed, posterior means; −infinity where a constraint is probably not kept.
Eigen::VectorXd EligibleMeans(const GaussianProcess& gp,
                              const std::vector<Constraint>& constraints);
// Weighed by the probability that all constraints are kept (agents/bayes/feasibility.h); the
// incumbent is one of the points where they probably are. While there is none, that probability
// alone is maximised.
Eigen::VectorXd NextWithin(const GaussianProcess& gp, const std::vector<Constraint>& constraints,
                           const Eigen::MatrixXd& near, const StreamKey& key,
                           const AcquisitionOptions& options);

}  // namespace ronchi::agents
