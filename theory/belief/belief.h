// The posterior over a forward model's unknowns: a Gaussian in their coordinates that walks between
// acquisitions and is updated by each (an iterated extended Kalman filter with the physics as
// measurement model). The residual that the monitor watches is the filter's own innovation.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/status.h"
#include "theory/belief/residual.h"
#include "theory/forward/forward_model.h"

namespace ronchi::theory {

// One thread at a time.
class Belief {
 public:
  // Prior, walks and jitters are those of the model's parameters.
  explicit Belief(std::shared_ptr<const ForwardModel> model);

  struct FitSummary {
    double chi2_per_datum = 0;  // at the solution; near 1 when the theory explains the data
    int starts = 0;             // that were refined
    bool converged = false;
  };
  // Forgets everything and estimates anew. What acquisitions of one setting cannot tell apart (the
  // sign of a defocus) takes several settings. InvalidArgument: none, times that go back, or what
  // the model's Check refuses; nothing has changed then.
  absl::StatusOr<FitSummary> Fit(std::span<const Acquisition> acquisitions);

  // Walks to the first one's time and forms the innovation of all together. Then takes them in,
  // unless they are so far from what was expected (kGate standard deviations in any stream) that
  // they may come from a column that has changed: one that is left out cannot drag the belief
  // along, so a lasting change stays visible until the monitor has judged it. Between several
  // acquisitions rates move the parameters; their walks come after the last. InvalidArgument: as
  // Fit's.
  static constexpr double kGate = 6;
  absl::StatusOr<Residual> Update(std::span<const Acquisition> acquisitions);
  absl::StatusOr<Residual> Update(const Acquisition& acquisition) {
    return Update({&acquisition, 1});
  }

  // Coordinates and their covariance, in the parameters' order.
  const State& mean() const { return mean_; }
  const Eigen::MatrixXd& covariance() const { return covariance_; }
  State values() const { return parameters().ToValues(mean_); }
  double Sigma(size_t parameter) const;
  // Of a parameter that is there, by name.
  double Value(std::string_view name) const;
  const ForwardModel& model() const { return *model_; }
  const ParameterSet& parameters() const { return model_->parameters(); }

 private:
  absl::Status Check(std::span<const Acquisition> acquisitions) const;
  void Walk(double seconds);
  struct Refined {
    State at;
    Eigen::MatrixXd information;
    double chi2 = 0, deviance = 0;  // with the prior; χ² and the variances' logarithms
  };
  Refined Refine(std::span<const Acquisition> acquisitions, const State& start) const;

  std::shared_ptr<const ForwardModel> model_;
  State prior_mean_, prior_sigma_;
  State mean_;
  Eigen::MatrixXd covariance_;
  double time_s_ = 0;
};

}  // namespace ronchi::theory
