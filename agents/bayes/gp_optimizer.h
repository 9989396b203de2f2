// Bayesian optimisation by asking and telling: maximises a noisy function over the unit cube with a
// Gaussian process and an acquisition function. Serial; what it asks is a function of its options,
// its seed and what it was told.
#pragma once

#include <Eigen/Core>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agents/bayes/acquisition_optimizer.h"
#include "agents/bayes/expected_improvement.h"
#include "agents/bayes/gaussian_process.h"
#include "agents/bayes/map_fit.h"
#include "agents/bayes/output_map.h"
#include "agents/bayes/safe_choice.h"
#include "core/status.h"

namespace ronchi::agents {

struct GpOptimizerOptions {
  size_t n_initial = 8;  // Sobol points before the model is asked
  GpPrior prior;         // GpPrior::Broad where nothing is known
  // Known from training: then a few flat observations cannot pass their noise off as signal.
  // Otherwise taken from the data at every fit, with a warp where their likelihood asks for one
  // (agents/bayes/output_map.h).
  std::optional<Standardisation> standardisation = {};
  bool warp = true;  // whether outputs may be warped at all
  // Outputs are in units of their root mean square, about 0 and not about their mean: what is
  // nowhere near an observation is then expected about 0, on neither side of it.
  bool about_zero = false;
  // Standard deviation of the noise, in the outputs' unit, where it is known; otherwise learned.
  std::optional<double> noise_sd = {};
  // With constraints: nothing is asked for but what keeps them, with a promise, from the first
  // points told, which are known to do so; there is no initial design then.
  std::optional<SafetyPromise> safety = {};
  size_t refit_always_until = 60;  // beyond: every `refit_period` observations
  size_t refit_period = 5;
  std::shared_ptr<const Acquisition> rule = MakeExpectedImprovement();
  AcquisitionOptions acquisition;
};

class GpOptimizer {
 public:
  GpOptimizer(size_t dimension, GpOptimizerOptions options, uint64_t seed);

  // x [d] in the unit cube, or not far from it; observations may repeat and need not be what was
  // asked for. `constraints`: what else was measured there, of which each is wanted at 0 or below,
  // learned by a Gaussian process of its own. InvalidArgument, with nothing recorded: another
  // dimension, another number of constraints than at first, a number that is NaN or infinite, or an
  // x beyond 1e6.
  absl::Status Tell(const Eigen::VectorXd& x, double output,
                    std::span<const double> constraints = {});

  // Of an optimiser of `dimension` inputs the last c of which are a context that is observed and
  // not chosen (agents/bayes/in_context.h): the point [dimension − c] to look at in this one, the
  // initial design first. Expected improvement, without constraints. What is told has the context
  // with it. InvalidArgument: no context, one that leaves nothing to choose, or one that Tell would
  // refuse.
  absl::StatusOr<Eigen::VectorXd> AskIn(const Eigen::VectorXd& context);
  // Where the posterior mean is highest in this context. FailedPrecondition: nothing told yet.
  absl::StatusOr<Eigen::VectorXd> BestMeanIn(const Eigen::VectorXd& context);

  // The next point: the initial design while fewer than n_initial are told, then what the
  // acquisition chooses; with constraints, what expected improvement within them does
  // (agents/bayes/expected_improvement.h), whatever the acquisition.
  absl::StatusOr<Eigen::VectorXd> Ask();

  // The next `count` points [count, d] when those of `pending`, asked for before, are not told yet:
  // one after the other, each as if those before it had given the posterior mean there, so that no
  // two look at the same (the "kriging believer" of Ginsbourger, Le Riche & Carraro, 2010).
  // With nothing told the initial design goes on. InvalidArgument: a pending point that Tell would
  // refuse. FailedPrecondition: a promise of safety, and fewer points or constraints told than it
  // begins from.
  absl::StatusOr<Eigen::MatrixXd> AskBatch(size_t count,
                                           const std::vector<Eigen::VectorXd>& pending = {});

  // Posterior mean and variance of the function, in the outputs' unit (where they are warped: its
  // median, and to first order). FailedPrecondition: nothing told yet.
  absl::StatusOr<GpPrediction> Predict(const Eigen::VectorXd& x);

  // The maximum of the posterior mean over the whole cube; with constraints, of the points told,
  // the best of those that probably keep them, else the one that most probably does.
  // FailedPrecondition: nothing told yet.
  absl::StatusOr<Eigen::VectorXd> BestMean();

  // The process of all that was told, and how outputs are mapped for it. Valid until the next Tell.
  struct Model {
    const GaussianProcess* gp = nullptr;
    const OutputMap* map = nullptr;
  };
  // FailedPrecondition: nothing told yet.
  absl::StatusOr<Model> Fitted();

  // What is asked next is of the initial design.
  bool InDesign() const {
    return !options_.safety && (size() < options_.n_initial || outputs_.empty());
  }
  size_t size() const { return outputs_.size(); }
  const std::vector<double>& outputs() const { return outputs_; }
  Eigen::MatrixXd Inputs() const;  // [n, d]
  // Of the last fit; nullopt before the first.
  std::optional<GpHyperparameters> hyperparameters() const;

  // A fit begins where the last one ended: with these, and told the same, another optimiser goes on
  // to the bit. First the output's, then the constraints'; none before the first fit.
  struct Fit {
    size_t observations = 0;         // that it knew
    size_t warp = 0, warped_at = 0;  // of WarpScales(); … when others were last tried
    Eigen::VectorXd hyperparameters;
  };
  std::vector<Fit> fits() const;
  // InvalidArgument: not as many, or of more than has been told, or of another size.
  absl::Status Restore(std::span<const Fit> fits);

 private:
  absl::Status Update(bool refit_now);
  absl::Status Refit();
  absl::Status Condition(size_t observations, size_t warp,
                         const GpHyperparameters& hyperparameters);
  absl::Status RestoreOwn(const Fit& fit);
  std::vector<Constraint> Limits() const;
  absl::Status CheckSafety() const;
  absl::Status CheckContext(const Eigen::VectorXd& context) const;
  std::vector<bool> Broken() const;
  Eigen::VectorXd Next(const GaussianProcess& gp, uint64_t step) const;
  std::optional<Standardisation> KnownStandardisation(const std::vector<double>& outputs) const;
  std::vector<size_t> WarpsToTry() const;
  absl::Status CheckPoint(const Eigen::VectorXd& x) const;
  Eigen::MatrixXd NearIncumbent(const GaussianProcess& gp, uint64_t step) const;

  const size_t dimension_;
  const GpOptimizerOptions options_;
  const uint64_t seed_;
  const Eigen::MatrixXd initial_;
  std::vector<Eigen::VectorXd> inputs_;
  std::vector<double> outputs_;
  std::vector<GpOptimizer> constraints_;
  std::optional<GaussianProcess> gp_;
  OutputMap map_;         // of gp_
  size_t warp_ = 0;       // of map_
  size_t fitted_at_ = 0;  // number of observations at the last fit
  size_t warped_at_ = 0;  // … when other warps were last tried
};

}  // namespace ronchi::agents
