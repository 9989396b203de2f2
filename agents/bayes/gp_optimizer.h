// Bayesian optimisation by asking and telling: maximises a noisy function over the unit cube with a
// Gaussian process and an acquisition function. Serial; what it asks is a function of its options,
// its seed and what it was told.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <optional>
#include <vector>

#include "agents/bayes/acquisition_optimizer.h"
#include "agents/bayes/expected_improvement.h"
#include "agents/bayes/gaussian_process.h"
#include "agents/bayes/map_fit.h"
#include "agents/bayes/output_map.h"
#include "core/status.h"

namespace ronchi::agents {

struct GpOptimizerOptions {
  size_t n_initial = 8;  // Sobol points before the model is asked
  GpPrior prior;         // GpPrior::Broad where nothing is known
  // Known from training: then a few flat observations cannot pass their noise off as signal.
  // Otherwise taken from the data at every fit, with a warp where their likelihood asks for one
  // (agents/bayes/output_map.h).
  std::optional<Standardisation> standardisation = {};
  // Standard deviation of the noise, in the outputs' unit, where it is known; otherwise learned.
  std::optional<double> noise_sd = {};
  size_t refit_always_until = 60;  // beyond: every `refit_period` observations
  size_t refit_period = 5;
  std::shared_ptr<const Acquisition> rule = MakeExpectedImprovement();
  AcquisitionOptions acquisition;
};

class GpOptimizer {
 public:
  GpOptimizer(size_t dimension, GpOptimizerOptions options, uint64_t seed);

  // x [d] in the unit cube, or not far from it; observations may repeat and need not be what was
  // asked for. InvalidArgument, with nothing recorded: another dimension, a number that is NaN or
  // infinite, or an x beyond 1e6.
  absl::Status Tell(const Eigen::VectorXd& x, double output);

  // The next point: the initial design while fewer than n_initial are told, then what the
  // acquisition chooses.
  absl::StatusOr<Eigen::VectorXd> Ask();

  // The next `count` points [count, d] when those of `pending`, asked for before, are not told yet:
  // one after the other, each as if those before it had given the posterior mean there, so that no
  // two look at the same (the "kriging believer" of Ginsbourger, Le Riche & Carraro, 2010).
  // FailedPrecondition: beyond the initial design with nothing told. InvalidArgument: a pending
  // point that Tell would refuse.
  absl::StatusOr<Eigen::MatrixXd> AskBatch(size_t count,
                                           const std::vector<Eigen::VectorXd>& pending = {});

  // The maximum of the posterior mean over the whole cube. FailedPrecondition: nothing told yet.
  absl::StatusOr<Eigen::VectorXd> BestMean();

  size_t size() const { return outputs_.size(); }
  const std::vector<double>& outputs() const { return outputs_; }
  Eigen::MatrixXd Inputs() const;  // [n, d]
  // Of the last fit; nullopt before the first.
  std::optional<GpHyperparameters> hyperparameters() const;

 private:
  absl::Status Update(bool refit_now);
  absl::Status Refit();
  std::vector<size_t> WarpsToTry() const;
  absl::Status CheckPoint(const Eigen::VectorXd& x) const;
  Eigen::MatrixXd NearIncumbent(const GaussianProcess& gp, uint64_t step) const;

  const size_t dimension_;
  const GpOptimizerOptions options_;
  const uint64_t seed_;
  const Eigen::MatrixXd initial_;
  std::vector<Eigen::VectorXd> inputs_;
  std::vector<double> outputs_;
  std::optional<GaussianProcess> gp_;
  OutputMap map_;         // of gp_
  size_t warp_ = 0;       // of map_
  size_t fitted_at_ = 0;  // number of observations at the last fit
  size_t warped_at_ = 0;  // … when other warps were last tried
};

}  // namespace ronchi::agents
