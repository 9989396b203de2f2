#include "theory/forward/forward_model.h"

#include <cmath>

namespace ronchi::theory {

ForwardModel::Match ForwardModel::MakeMatch(std::span<const Acquisition> acquisitions) const {
  return [this, acquisitions](State* values) {
    double chi2 = 0;
    for (const Acquisition& a : acquisitions) {
      const double seconds = a.time_s - acquisitions[0].time_s;
      chi2 += ChiSquare(Predict(parameters().Propagator(seconds) * *values, a), a);
    }
    return -chi2;
  };
}

Eigen::VectorXd DataOf(const Acquisition& acquisition) {
  return Eigen::Map<const Eigen::VectorXf>(acquisition.data.data(),
                                           Eigen::Index(acquisition.data.size()))
      .cast<double>();
}

double ChiSquare(const Prediction& prediction, const Acquisition& acquisition) {
  return (DataOf(acquisition) - prediction.mean)
      .cwiseAbs2()
      .cwiseQuotient(prediction.variance)
      .sum();
}

Eigen::VectorXd CountingVariance(const CountingOptions& o, const Eigen::VectorXd& mean,
                                 int frames) {
  const double gain = o.counts_per_electron;
  Eigen::VectorXd variance = ((gain * (mean.array() - o.dark_counts).max(0.05 * gain) +
                               o.readout_counts * o.readout_counts) /
                              frames)
                                 .matrix();
  if (o.model_error > 0) variance += (o.model_error * mean).cwiseAbs2();
  return variance;
}

}  // namespace ronchi::theory
