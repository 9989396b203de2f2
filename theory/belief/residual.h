// What an image says against a prediction: the innovation, resolved along each physical parameter
// and standardised, and what no parameter explains. Standard normal while the theory holds.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "theory/forward/column_model.h"

namespace ronchi::theory {

struct Residual {
  std::array<double, kObservable> z{};  // by parameter, in standard deviations
  double unexplained = 0;               // standardised χ² of what is left
  double chi2_per_pixel = 0;            // of observed minus predicted, before any fit
  double Largest() const;               // magnitude over all streams
  // The same as named streams, as the monitor takes them.
  std::vector<std::pair<std::string, double>> Streams() const;
};

// `covariance` is of the state before the image. Linear in the residual: d = (JᵀWJ)⁻¹JᵀW(y − h),
// z_i = d_i / √((JᵀWJ)⁻¹ + P)_ii; unexplained = (χ² − dᵀJᵀWJd − ν)/√(2ν), ν degrees of freedom.
Residual MakeResidual(const Eigen::VectorXd& observed_minus_predicted,
                      const Eigen::VectorXd& variance, const Eigen::MatrixXd& jacobian,
                      const Eigen::Matrix<double, kParameters, kParameters>& covariance);

}  // namespace ronchi::theory
