// Takes the dependence of each frame on the few before it out of a stream, so that a test for
// independent frames can watch it: an autoregression of declared order, learned from reference
// frames.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "core/status.h"

namespace ronchi::theory {

class Whitening {
 public:
  // Least squares of z_t on 1, z_{t−1} … z_{t−order}. InvalidArgument: an order below 1, values
  // that are not finite, or fewer than 4 order + 4 of them.
  static absl::StatusOr<Whitening> Learn(std::span<const double> reference, int order);

  // What could not be foretold of the reference frames but the first `order`: each by the
  // coefficients that the others give (e/(1 − leverage)), so that it is spread as those of later
  // frames are.
  const std::vector<double>& reference() const { return reference_; }

  // The next frame less what the ones before it foretold, in order after the reference. One that is
  // not finite is missing, and stands as it was foretold for those after it.
  double Next(double value);

  const std::vector<double>& coefficients() const { return coefficients_; }  // of 1, z_{t−1} …

 private:
  double Foretold() const;

  std::vector<double> coefficients_, reference_;
  std::deque<double> last_;  // the newest first
};

}  // namespace ronchi::theory
