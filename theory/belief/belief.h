// The posterior over the column's unknowns: a Gaussian that walks between images and is updated by
// each (an iterated extended Kalman filter with the physics as measurement model). The residual
// that the monitor watches is the filter's own innovation.
#pragma once

#include <span>

#include "core/status.h"
#include "theory/belief/residual.h"
#include "theory/forward/column_model.h"
#include "theory/parameters/prior.h"

namespace ronchi::theory {

class Belief {
 public:
  using Covariance = Eigen::Matrix<double, kParameters, kParameters>;

  // Ranges and rates of the random walks come from `prior`, the same object a twin draws from:
  // C10_nm, C12a_nm, C12b_nm, shift_*, drift_*, source_fwhm_A, *_walk_*, current_noise.
  Belief(ColumnModel model, const Prior& prior);

  struct FitSummary {
    double chi2_per_pixel = 0;  // at the solution; near 1 when the theory explains the images
    int starts = 0;             // that were refined
    bool converged = false;
  };
  // Forgets everything and estimates anew from images that differ in their settings (at least
  // two values of C10, else defocus is known only up to its sign).
  FitSummary Fit(std::span<const Acquisition> images);

  // Walks to the image's time and forms the innovation. Then takes the image in, unless it is so
  // far from what was expected (kGate standard deviations in any stream) that it may come from a
  // column that has changed: one that is left out cannot drag the belief along, so a lasting change
  // stays visible until the monitor has judged it.
  static constexpr double kGate = 6;
  Residual Update(const Acquisition& image);

  const State& mean() const { return mean_; }
  const Covariance& covariance() const { return covariance_; }
  double Sigma(Parameter p) const;
  const ColumnModel& model() const { return model_; }

 private:
  void Walk(double seconds);
  double Refine(std::span<const Acquisition> images, State* state, Covariance* information,
                bool* converged) const;

  ColumnModel model_;
  State prior_mean_, prior_sigma_, walk_;  // walk: standard deviation after one second
  State mean_;
  Covariance covariance_;
  double time_s_ = 0;
};

}  // namespace ronchi::theory
