// χ of a fixed list of beams as a linear function of the aberration coefficients: a table, so that
// new coefficients cost 25 multiplications a beam.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "sim/physics/aberrations.h"

namespace ronchi::sim {

class AberrationBasis {
 public:
  AberrationBasis() = default;
  // Beams at `angles` (rad).
  AberrationBasis(std::span<const std::array<double, 2>> angles, double wavelength_A);

  // χ in rad, by beam.
  void ComputeChi(const Aberrations& aberrations, std::span<double> chi) const;
  // Its adjoint: ∂L/∂(a, b) from ∂L/∂χ.
  Aberrations ComputeAdjoint(std::span<const double> by_chi) const;

 private:
  size_t beams_ = 0;
  std::vector<double> table_;  // [2 · terms, beams]: a and b of every term
};

}  // namespace ronchi::sim
