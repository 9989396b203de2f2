// The likeliest unknowns of a forward model within ranges that end: Fisher scoring from several
// starts, of which unknowns at an end of their range take part only where the step leads inwards.
#pragma once

#include <span>
#include <vector>

#include "theory/belief/normal_equations.h"

namespace ronchi {

class RangeFit {
 public:
  // `low`, `high`: of each parameter's value. Model and data outlive it.
  RangeFit(const theory::ForwardModel& model, std::span<const theory::Acquisition> data,
           theory::State low, theory::State high);

  struct Point {
    theory::State at;
    theory::NormalEquations equations;  // there
    double damping = 1e-2;
    bool settled = false;
  };
  // So many steps from each start, and from the best of them until it settles. Cancelled:
  // interrupted.
  absl::StatusOr<Point> Run(std::span<const theory::State> starts, int tryout_steps) const;

  // Of the unknowns, with the width of their ranges as what was known before.
  Eigen::MatrixXd Information(const theory::NormalEquations& equations) const;
  bool AtEnd(size_t parameter, double value) const;
  std::span<const theory::Acquisition> data() const { return data_; }

 private:
  theory::NormalEquations Equations(const theory::State& at) const;
  theory::State Free(const Point& point, const Eigen::MatrixXd& information) const;
  void Improve(Point* point, int steps) const;

  const theory::ForwardModel& model_;
  std::span<const theory::Acquisition> data_;
  theory::State low_, high_, prior_;
};

}  // namespace ronchi
