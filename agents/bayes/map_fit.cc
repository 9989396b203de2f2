#include "agents/bayes/map_fit.h"

#include <cmath>

#include "agents/bayes/bounded_maximum.h"

namespace ronchi::agents {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// Beyond these the data cannot tell: below 0.005 of the cube neighbouring samples are unrelated,
// above 30 every function is a parabola; a signal of 1e-3 … 1e3 covers any standardised output.
struct Bounds {
  VectorXd low, high;  // logarithms
};
Bounds BoundsOf(const Kernel& kernel) {
  const std::vector<Kernel::Parameter> parameters = kernel.parameters();
  const Index size = Index(kernel.size()) + 1;
  Bounds bounds{.low = VectorXd(size), .high = VectorXd(size)};
  for (size_t i = 0; i < parameters.size(); ++i) {
    const bool variance = parameters[i] == Kernel::Parameter::kVariance;
    const bool shape = parameters[i] == Kernel::Parameter::kShape;
    // A rational quadratic is next to the squared exponential from α = 100 on.
    bounds.low[Index(i)] = std::log(variance ? 1e-3 : shape ? 0.01 : 0.005);
    bounds.high[Index(i)] = std::log(variance ? 1e3 : shape ? 100.0 : 30.0);
  }
  bounds.low.tail(1).setConstant(std::log(1e-7));
  bounds.high.tail(1).setConstant(std::log(10.0));
  return bounds;
}

}  // namespace

GpPrior GpPrior::Broad(size_t dimension) { return Broad(Kernel::Matern52(dimension)); }

GpPrior GpPrior::Broad(const Kernel& kernel) {
  const std::vector<Kernel::Parameter> parameters = kernel.parameters();
  const Index p = Index(parameters.size());
  GpPrior prior{.mean = VectorXd::Zero(p + 1), .sd = VectorXd::Ones(p + 1), .kernel = kernel};
  for (Index i = 0; i < p; ++i) {
    if (parameters[size_t(i)] == Kernel::Parameter::kLengthScale) {
      prior.mean[i] = std::sqrt(2.0) + 0.5 * std::log(double(kernel.dimension())) - 3.0;
    }
  }
  prior.mean[p] = -9.0;
  prior.sd[p] = 3.0;
  return prior;
}

GpHyperparameters GpPrior::Shorter() const {
  VectorXd theta = mean;
  const std::vector<Kernel::Parameter> parameters = KernelOrMatern52().parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i] == Kernel::Parameter::kLengthScale) theta[Index(i)] -= 1;
  }
  return GpHyperparameters::FromVector(theta);
}

double LogPosterior(std::span<const GpData> data, const GpPrior& prior, const VectorXd& theta,
                    VectorXd* gradient) {
  const Eigen::ArrayXd u = (theta - prior.mean).array() / prior.sd.array();
  double value = -0.5 * u.square().sum();
  if (gradient) *gradient = -(u / prior.sd.array()).matrix();
  const GpHyperparameters hyperparameters = GpHyperparameters::FromVector(theta);
  const Kernel kernel = prior.KernelOrMatern52();
  VectorXd part;
  for (const GpData& set : data) {
    value += LogMarginalLikelihood(set.inputs, set.outputs, hyperparameters, kernel,
                                   gradient ? &part : nullptr);
    if (gradient) *gradient += part;
  }
  return value;
}

GpHyperparameters FitMap(std::span<const GpData> data, const GpPrior& prior,
                         const std::vector<GpHyperparameters>& starts) {
  const SmoothFunction posterior = [&](const VectorXd& theta, VectorXd* gradient) {
    return LogPosterior(data, prior, theta, gradient);
  };
  const auto [low, high] = BoundsOf(prior.KernelOrMatern52());
  // A hundredth of a nat decides nothing.
  const BoundedMaximumOptions options = {.max_evaluations = 50, .value_tolerance = 1e-3};
  // From much noise it is a slope down to the noise that there is; from little, short length scales
  // that explain every wiggle are nearer than the truth.
  VectorXd noisy = prior.mean;
  noisy.tail(1) += 1.5 * prior.sd.tail(1);
  BoundedMaximum best = MaximizeBounded(posterior, noisy, low, high, options);
  for (const GpHyperparameters& start : starts) {
    BoundedMaximum end = MaximizeBounded(posterior, start.ToVector(), low, high, options);
    if (end.value > best.value) best = std::move(end);
  }
  return GpHyperparameters::FromVector(best.x);
}

}  // namespace ronchi::agents
