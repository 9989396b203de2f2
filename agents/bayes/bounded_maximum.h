// Bounded maximisation of a smooth function with its gradient: NLopt's L-BFGS (Luksan's PLIS; after
// Nocedal, Math. Comput. 35, 773, 1980). Serial, deterministic.
#pragma once

#include <Eigen/Core>
#include <functional>

namespace ronchi::agents {

// Returns the value at x and writes the gradient; values must be finite.
using SmoothFunction = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd* gradient)>;

struct BoundedMaximumOptions {
  int max_evaluations = 60;
  double value_tolerance = 1e-6;  // stop when an iteration gains less, absolute
};
struct BoundedMaximum {
  Eigen::VectorXd x;
  double value = 0;
  int evaluations = 0;
};

// The best point seen from `start` on, the start included; not having converged is no error.
// low <= x <= high element by element; the start is moved inside.
BoundedMaximum MaximizeBounded(const SmoothFunction& f, const Eigen::VectorXd& start,
                               const Eigen::VectorXd& low, const Eigen::VectorXd& high,
                               const BoundedMaximumOptions& options = {});

}  // namespace ronchi::agents
