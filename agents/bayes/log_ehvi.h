// The logarithm of expected hypervolume improvement of independent normal objectives, exact:
//   EHVI = Σ over boxes Π over objectives E[(min(y, high) − low)⁺],   E[(y − a)⁺] = σ h((μ − a)/σ)
// (Emmerich, Giannakoglou & Naujoks, IEEE Trans. Evol. Comput. 10, 421 (2006); by boxes: Yang et
// al., J. Glob. Optim. 75, 3 (2019)), in logarithms as Ament et al. have it for one objective
// (agents/bayes/log_ei.h), so that hopeless points have a gradient, too.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "agents/bayes/hypervolume.h"

namespace ronchi::agents {

struct LogEhvi {
  double value = 0;
  Eigen::VectorXd d_mean, d_sigma;  // [m]
};
// `boxes`: at least one. `mean`, `sigma` [m]; sigma > 0.
LogEhvi ComputeLogEhvi(const std::vector<ObjectiveBox>& boxes, const Eigen::VectorXd& mean,
                       const Eigen::VectorXd& sigma);

}  // namespace ronchi::agents
