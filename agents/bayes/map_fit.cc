#include "agents/bayes/map_fit.h"

#include <cmath>

#include "agents/bayes/bounded_maximum.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// Beyond these the data cannot tell: below 0.005 of the cube neighbouring samples are unrelated,
// above 30 every function is a parabola; a signal of 1e-3 … 1e3 covers any standardised output.
VectorXd Low(Index d) {
  VectorXd low(d + 2);
  low << VectorXd::Constant(d, std::log(0.005)), std::log(1e-3), std::log(1e-7);
  return low;
}
VectorXd High(Index d) {
  VectorXd high(d + 2);
  high << VectorXd::Constant(d, std::log(30.0)), std::log(1e3), std::log(10.0);
  return high;
}

}  // namespace

GpPrior GpPrior::Broad(size_t dimension) {
  const Index d = Index(dimension);
  GpPrior prior{.mean = VectorXd(d + 2), .sd = VectorXd(d + 2)};
  prior.mean << VectorXd::Constant(d, std::sqrt(2.0) + 0.5 * std::log(double(d)) - 3.0), 0.0, -9.0;
  prior.sd << VectorXd::Constant(d, 1.0), 1.0, 3.0;
  return prior;
}

double LogPosterior(std::span<const GpData> data, const GpPrior& prior, const VectorXd& theta,
                    VectorXd* gradient) {
  const Eigen::ArrayXd u = (theta - prior.mean).array() / prior.sd.array();
  double value = -0.5 * u.square().sum();
  if (gradient) *gradient = -(u / prior.sd.array()).matrix();
  const GpHyperparameters hyperparameters = GpHyperparameters::FromVector(theta);
  VectorXd part;
  for (const GpData& set : data) {
    value +=
        LogMarginalLikelihood(set.inputs, set.outputs, hyperparameters, gradient ? &part : nullptr);
    if (gradient) *gradient += part;
  }
  return value;
}

GpHyperparameters FitMap(std::span<const GpData> data, const GpPrior& prior,
                         const std::vector<GpHyperparameters>& starts) {
  const SmoothFunction posterior = [&](const VectorXd& theta, VectorXd* gradient) {
    return LogPosterior(data, prior, theta, gradient);
  };
  const Index d = prior.mean.size() - 2;
  const VectorXd low = Low(d), high = High(d);
  // A hundredth of a nat decides nothing.
  const BoundedMaximumOptions options = {.max_evaluations = 50, .value_tolerance = 1e-3};
  // From much noise it is a slope down to the noise that there is; from little, short length scales
  // that explain every wiggle are nearer than the truth.
  VectorXd noisy = prior.mean;
  noisy[d + 1] += 1.5 * prior.sd[d + 1];
  BoundedMaximum best = MaximizeBounded(posterior, noisy, low, high, options);
  for (const GpHyperparameters& start : starts) {
    BoundedMaximum end = MaximizeBounded(posterior, start.ToVector(), low, high, options);
    if (end.value > best.value) best = std::move(end);
  }
  return GpHyperparameters::FromVector(best.x);
}

}  // namespace ronchi::agents
