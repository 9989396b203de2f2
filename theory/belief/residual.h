// What acquisitions say against a prediction: the innovation, resolved along each physical
// parameter and standardised, and what no parameter explains. Standard normal while the theory
// holds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "theory/belief/normal_equations.h"

namespace ronchi::theory {

struct Residual {
  // By label of the watched parameters, in standard deviations; last "unexplained", the
  // standardised χ² of what is left. As monitors take them.
  std::vector<std::pair<std::string, double>> streams;
  double chi2_per_datum = 0;  // of observed minus predicted, before any fit

  double Largest() const;  // magnitude over all streams
};

// The streams' names, in their order.
std::vector<std::string> StreamsOf(const ParameterSet& parameters);

// `covariance` is of the coordinates before the acquisitions. Over the watched parameters, linear
// in the residual: d = (JᵀWJ)⁻¹JᵀW(y − h), z_i = d_i / √((JᵀWJ)⁻¹ + P)_ii; unexplained = (χ² −
// dᵀJᵀWJd − ν)/√(2ν), ν degrees of freedom (at least one).
Residual MakeResidual(const NormalEquations& equations, const ParameterSet& parameters,
                      const Eigen::MatrixXd& covariance);

}  // namespace ronchi::theory
