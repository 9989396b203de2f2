// Least-squares polynomials through equidistant points (Gram's, orthonormal on them): a smooth
// field between grid points, without the ripple of a grid's highest frequencies that interpolation
// keeps.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace ronchi::sim {

class PatchFit {
 public:
  static constexpr int kTerms = 5;  // of degree 4
  using Terms = std::array<double, kTerms>;

  // count ≥ kTerms points at 0, 1, … count − 1.
  explicit PatchFit(size_t count);

  size_t count() const { return at_points_.size(); }
  // The polynomials at x and at point i. A field f is fitted by Σ_t At(x)[t] Σ_i AtPoint(i)[t] f_i.
  Terms At(double x) const;
  const Terms& AtPoint(size_t i) const { return at_points_[i]; }

 private:
  double centre_;
  double first_;  // the constant polynomial
  std::array<double, kTerms>
      recur_{};  // p_{t+1} = ((x − centre) p_t − recur_t p_{t−1}) / recur_{t+1}
  std::vector<Terms> at_points_;
};

}  // namespace ronchi::sim
