// Bayesian optimisation of two or three objectives at once, by asking and telling: a Gaussian
// process each, and the exact expected hypervolume improvement (agents/bayes/log_ehvi.h).
// Maximises; serial; what it asks is a function of its options, its seed and what it was told.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "agents/bayes/gp_optimizer.h"
#include "agents/bayes/hypervolume.h"

namespace ronchi::agents {

class ParetoOptimizer {
 public:
  // `reference` [2 or 3]: what is not above it in every objective is of no interest. Outputs are
  // standardised and not warped, as a volume is not that of warped ones. InvalidArgument: another
  // number of objectives, or one that is not finite.
  static absl::StatusOr<ParetoOptimizer> Create(size_t dimension, const Eigen::VectorXd& reference,
                                                const GpOptimizerOptions& options, uint64_t seed);

  // x [d] as in GpOptimizer::Tell; `values`: one an objective. InvalidArgument, with nothing
  // recorded: what that refuses, or another number of values.
  absl::Status Tell(const Eigen::VectorXd& x, std::span<const double> values);
  // The initial design, then where the volume is expected to grow most.
  absl::StatusOr<Eigen::VectorXd> Ask();

  size_t size() const { return size_t(values_.rows()); }
  const Eigen::MatrixXd& values() const { return values_; }  // [n, m], as told
  // Of those told that are best in the sense of Pareto, by number.
  std::vector<size_t> Front() const { return ParetoFront(values_, reference_); }
  double Volume() const { return Hypervolume(values_, reference_); }

 private:
  ParetoOptimizer() = default;
  Eigen::MatrixXd NearFront(const std::vector<size_t>& front) const;

  size_t dimension_ = 0;
  uint64_t seed_ = 0;
  AcquisitionOptions acquisition_;
  Eigen::VectorXd reference_;
  std::vector<GpOptimizer> objectives_;
  Eigen::MatrixXd values_;
};

}  // namespace ronchi::agents
