// What acquisitions say about the unknowns, to first order about a point: least squares weighted by
// the predicted variance.
#pragma once

#include <span>
#include <vector>

#include "theory/forward/forward_model.h"

namespace ronchi::theory {

struct NormalEquations {
  Eigen::MatrixXd information;                      // JᵀWJ, [n, n] of coordinates
  Eigen::VectorXd score;                            // JᵀW (data − mean)
  double chi2 = 0;                                  // (data − mean)ᵀ W (data − mean)
  double log_variance = 0;                          // Σ ln of the variances
  Eigen::Index data = 0;                            // how many
  std::vector<Eigen::VectorXd> residuals, weights;  // of each acquisition: data − mean, diag W
};

// About `coordinates`, which hold at `time_s`: rates carry them to each acquisition's time. The
// acquisitions pass the model's Check.
NormalEquations Accumulate(const ForwardModel& model, std::span<const Acquisition> acquisitions,
                           const State& coordinates, double time_s);

}  // namespace ronchi::theory
