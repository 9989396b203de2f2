// The evidence of a theory with many unknowns, by Laplace's approximation (MacKay, Information
// Theory, Inference and Learning Algorithms, 2003, chapter 27): the posterior is taken for a normal
// distribution about its mode. Exact for linear models with normal noise. Of a theory with one to
// three unknowns hypothesis.h gives it by quadrature, whatever the posterior's shape.
#pragma once

#include <span>

#include "theory/hypotheses/likelihood.h"

namespace ronchi::theory {

struct LaplaceEvidence {
  double log_evidence = 0;     // ln p(data | theory)
  State mode;                  // coordinates
  Eigen::MatrixXd covariance;  // of coordinates
  bool converged = false;
};

// From the prior's mean. InvalidArgument: none, times that go back, or what the model's Check
// refuses.
absl::StatusOr<LaplaceEvidence> ComputeLaplaceEvidence(const ForwardModel& model,
                                                       std::span<const Acquisition> acquisitions,
                                                       Likelihood likelihood);

}  // namespace ronchi::theory
