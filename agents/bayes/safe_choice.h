// Bayesian optimisation that promises how seldom a constraint is broken: of the steps that it
// chooses at most a share. From points that are known to keep all constraints it goes only where
// their posteriors say that they are kept, by a margin that its own record widens:
//   limit ≥ mean + (t(1 − share/(2m); n − 1) + w) σ
// for each of m constraints after n observations; Student's t as the processes' scales are
// themselves estimated. w grows by 1 − share with every broken step, and shrinks by share with
// every other one, so that the share of broken steps tends to the promise even where the model is
// wrong (adaptive conformal inference: Gibbs & Candès, NeurIPS 2021; in Bayesian optimisation:
// Zhang, Park & Simeone, IEEE J. Sel. Top. Signal Process. 2024).
#pragma once

#include <vector>

#include "agents/bayes/expected_improvement.h"

namespace ronchi::agents {

struct SafetyPromise {
  double unsafe_share = 0.05;  // of the steps chosen, at most; above 0, below 1
  size_t seeds = 1;            // of the observations told so many first are the safe ones given
};

// The reach in standard deviations after observations of which `broken` says which broke something.
double SafeReach(const SafetyPromise& promise, const std::vector<bool>& broken, size_t constraints);

// A point [d] within the reach of all constraints: where the expected improvement is largest or,
// once that is a thousandth of the outputs' spread, where a constraint is known least, which widens
// what is known to be safe. None within reach: the point told that is the safest. `constraints`: at
// least one, of processes with the inputs of `gp`.
Eigen::VectorXd NextSafely(const GaussianProcess& gp, const std::vector<Constraint>& constraints,
                           double reach, const StreamKey& key);

}  // namespace ronchi::agents
