#include "theory/hypotheses/likelihood.h"

#include <cmath>

#include "core/angle.h"

namespace ronchi::theory {

double LogLikelihood(const Prediction& p, const Eigen::VectorXd& data, Likelihood likelihood) {
  double sum = 0;
  for (Eigen::Index i = 0; i < data.size(); ++i) {
    const double mean = p.mean[i], y = data[i];
    if (likelihood == Likelihood::kGaussian) {
      sum -= ((y - mean) * (y - mean) / p.variance[i] + std::log(2 * kPi * p.variance[i])) / 2;
    } else if (y > 0) {
      sum += y * std::log(mean) - mean - std::lgamma(y + 1);  // mean 0: it cannot be
    } else {
      sum -= mean;
    }
  }
  return sum;
}

Eigen::VectorXd DrawData(const Prediction& p, Likelihood likelihood, RandomStream* random) {
  Eigen::VectorXd data(p.mean.size());
  for (Eigen::Index i = 0; i < data.size(); ++i) {
    data[i] = likelihood == Likelihood::kGaussian
                  ? random->Normal(p.mean[i], std::sqrt(p.variance[i]))
                  : double(random->Poisson(p.mean[i]));
  }
  return data;
}

}  // namespace ronchi::theory
