#include "agents/bayes/bounded_maximum.h"

#include <nlopt.h>

#include <cmath>

#include "core/status.h"

namespace ronchi::agents {
namespace {

struct Search {
  const SmoothFunction* f;
  BoundedMaximum best;
  Eigen::VectorXd x, gradient;  // scratch
};

double Evaluate(unsigned n, const double* x, double* gradient, void* data) {
  Search& search = *static_cast<Search*>(data);
  search.x = Eigen::Map<const Eigen::VectorXd>(x, n);
  const double value = (*search.f)(search.x, &search.gradient);
  ++search.best.evaluations;
  // NLopt may leave its last point rather than its best one (and does after a failed line search).
  if (search.best.evaluations == 1 || value > search.best.value) {
    search.best.value = value;
    search.best.x = search.x;
  }
  if (gradient) Eigen::Map<Eigen::VectorXd>(gradient, n) = search.gradient;
  return value;
}

}  // namespace

BoundedMaximum MaximizeBounded(const SmoothFunction& f, const Eigen::VectorXd& start,
                               const Eigen::VectorXd& low, const Eigen::VectorXd& high,
                               const BoundedMaximumOptions& options) {
  Search search{.f = &f, .best = {}, .x = {}, .gradient = {}};
  Eigen::VectorXd x = start.cwiseMax(low).cwiseMin(high);
  search.gradient.setZero(x.size());
  nlopt_opt optimizer = nlopt_create(NLOPT_LD_LBFGS, unsigned(x.size()));
  RONCHI_CHECK(optimizer != nullptr);
  nlopt_set_lower_bounds(optimizer, low.data());
  nlopt_set_upper_bounds(optimizer, high.data());
  nlopt_set_max_objective(optimizer, Evaluate, &search);
  nlopt_set_maxeval(optimizer, options.max_evaluations);
  nlopt_set_ftol_abs(optimizer, options.value_tolerance);
  nlopt_set_xtol_abs1(optimizer, 1e-7);  // of a unit cube or of a logarithm: beyond any use
  double value = 0;
  nlopt_optimize(optimizer, x.data(), &value);  // its outcome is in `search`
  nlopt_destroy(optimizer);
  if (search.best.evaluations == 0) {  // NLopt refused the problem, e.g. low == high everywhere
    search.best.value = f(x, &search.gradient);
    search.best.x = x;
    search.best.evaluations = 1;
  }
  return search.best;
}

}  // namespace ronchi::agents
