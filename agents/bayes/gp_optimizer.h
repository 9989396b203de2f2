// Bayesian optimisation by asking and telling: maximises a noisy function over the unit cube with a
// Gaussian process and log expected improvement. Serial; what it asks is a function of its options,
// its seed and what it was told.
#pragma once

#include <Eigen/Core>
#include <optional>
#include <span>
#include <vector>

#include "agents/bayes/acquisition_optimizer.h"
#include "agents/bayes/gaussian_process.h"
#include "agents/bayes/map_fit.h"
#include "core/status.h"

namespace ronchi::agents {

struct Standardisation {
  double offset = 0, scale = 1;  // standardised = (output − offset) / scale
};
// Mean and standard deviation (1 where the outputs are all the same).
Standardisation StandardisationOf(const std::vector<double>& outputs);

struct GpOptimizerOptions {
  size_t n_initial = 8;  // Sobol points before the model is asked
  GpPrior prior;         // GpPrior::Broad where nothing is known
  // Known from training: then a few flat observations cannot pass their noise off as signal.
  // Otherwise taken from the data at every fit.
  std::optional<Standardisation> standardisation = {};
  size_t refit_always_until = 30;  // beyond: every `refit_period` observations
  size_t refit_period = 5;
  AcquisitionOptions acquisition;
};

class GpOptimizer {
 public:
  GpOptimizer(size_t dimension, GpOptimizerOptions options, uint64_t seed);

  // x [d] in the unit cube; observations may repeat and need not be what was asked for.
  // `constraints`: what else was measured there, of which each is wanted at 0 or below, as many in
  // every call. Each is learned by a Gaussian process of its own.
  void Tell(const Eigen::VectorXd& x, double output, std::span<const double> constraints = {});

  // The next point: the initial design while fewer than n_initial are told, then the maximum of
  // log EI. With noisy observations the incumbent is the highest posterior mean at the points
  // observed, not the highest output, which would be the luckiest one (the plug-in of Picheny,
  // Wagner & Ginsbourger, Struct. Multidisc. Optim. 48, 607, 2013). With constraints EI is weighed
  // by the probability that all are kept (agents/bayes/feasibility.h), and the incumbent is one of
  // the points where they probably are; while there is none, that probability alone is maximised.
  // `pending`: what has been asked for and not been told yet. Each is taken for measured at its
  // posterior mean (the kriging believer of Ginsbourger, Le Riche & Carraro, in Computational
  // Intelligence in Expensive Optimization Problems, Springer 2010): nothing is asked for twice.
  absl::StatusOr<Eigen::VectorXd> Ask(std::span<const Eigen::VectorXd> pending = {});

  // Posterior mean and variance of the function, in the outputs' unit. FailedPrecondition: nothing
  // told yet.
  absl::StatusOr<GpPrediction> Predict(const Eigen::VectorXd& x);

  // The maximum of the posterior mean over the whole cube; with constraints, of the points told,
  // the best of those that probably keep them, else the one that most probably does.
  // FailedPrecondition: nothing told yet.
  absl::StatusOr<Eigen::VectorXd> BestMean();

  size_t size() const { return outputs_.size(); }
  const std::vector<double>& outputs() const { return outputs_; }
  Eigen::MatrixXd Inputs() const;  // [n, d]
  // Of the last fit; nullopt before the first.
  std::optional<GpHyperparameters> hyperparameters() const;

  // A fit begins where the last one ended: with these, and told the same, another optimiser goes on
  // to the bit. First the output's, then the constraints'; none before the first fit.
  struct Fit {
    size_t observations = 0;  // that it knew
    Eigen::VectorXd hyperparameters;
  };
  std::vector<Fit> fits() const;
  // InvalidArgument: not as many, or of more than has been told, or of another size.
  absl::Status Restore(std::span<const Fit> fits);

 private:
  absl::Status Update(bool refit_now);
  absl::Status Refit();
  absl::Status Condition(size_t observations, const GpHyperparameters& hyperparameters);
  absl::Status RestoreOwn(const Fit& fit);
  // Of the points told; of -infinity where constraints are probably not kept.
  Eigen::VectorXd EligibleMeans() const;
  double LimitInside() const { return -standardisation_.offset / standardisation_.scale; }
  Eigen::MatrixXd NearIncumbent(uint64_t step) const;

  const size_t dimension_;
  const GpOptimizerOptions options_;
  const uint64_t seed_;
  const Eigen::MatrixXd initial_;
  std::vector<Eigen::VectorXd> inputs_;
  std::vector<double> outputs_;
  std::vector<GpOptimizer> constraints_;
  std::optional<GaussianProcess> gp_;
  Standardisation standardisation_;  // of gp_
  size_t fitted_at_ = 0;             // number of observations at the last fit
};

}  // namespace ronchi::agents
