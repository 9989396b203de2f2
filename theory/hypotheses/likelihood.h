// How likely data are, given what a forward model predicts: the model says mean and variance, the
// distribution is chosen here.
#pragma once

#include "core/random.h"
#include "theory/forward/forward_model.h"

namespace ronchi::theory {

enum class Likelihood {
  kGaussian,  // of the predicted mean and variance
  kPoisson,   // counts of the predicted mean, which is not below 0; the variance is not looked at
};

// ln p(data | prediction), of all data together; -infinity where they cannot be.
double LogLikelihood(const Prediction& prediction, const Eigen::VectorXd& data,
                     Likelihood likelihood);
// Data as the prediction would have them.
Eigen::VectorXd DrawData(const Prediction& prediction, Likelihood likelihood, RandomStream* random);

}  // namespace ronchi::theory
