#include "agents/bayes/gp_optimizer.h"

#include <algorithm>
#include <cmath>

#include "agents/bayes/feasibility.h"
#include "agents/bayes/log_ei.h"
#include "agents/bayes/sobol.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

// log EI as the two functions that the optimiser of acquisitions wants.
BatchFunction LogEiOfMany(const GaussianProcess& gp, double best) {
  return [&gp, best](const MatrixXd& points) {
    VectorXd means, variances;
    gp.PredictMany(points, &means, &variances);
    VectorXd values(means.size());
    for (Index i = 0; i < means.size(); ++i) {
      values[i] = ComputeLogEi(means[i], std::sqrt(variances[i]), best).value;
    }
    return values;
  };
}

SmoothFunction LogEiOfOne(const GaussianProcess& gp, double best) {
  return [&gp, best](const VectorXd& x, VectorXd* gradient) {
    const GpPredictionWithGradient p = gp.PredictWithGradient(x);
    const double sigma = std::sqrt(p.value.variance);
    const LogEi ei = ComputeLogEi(p.value.mean, sigma, best);
    *gradient = ei.d_mean * p.mean_gradient + ei.d_sigma / (2 * sigma) * p.variance_gradient;
    return ei.value;
  };
}

VectorXd MeansAtData(const GaussianProcess& gp) {
  VectorXd means;
  gp.PredictMany(gp.inputs(), &means, nullptr);
  return means;
}

}  // namespace

Standardisation StandardisationOf(const std::vector<double>& outputs) {
  // A copy lies where Eigen's own memory does: the order of its sums depends on the alignment.
  const VectorXd y = Eigen::Map<const VectorXd>(outputs.data(), Index(outputs.size()));
  if (y.size() == 0) return {};
  const double offset = y.mean();
  const double scale = std::sqrt((y.array() - offset).square().mean());
  return {.offset = offset, .scale = scale > 0 ? scale : 1};
}

GpOptimizer::GpOptimizer(size_t dimension, GpOptimizerOptions options, uint64_t seed)
    : dimension_(dimension),
      options_(std::move(options)),
      seed_(seed),
      initial_(SobolPoints(options_.n_initial, dimension,
                           {.seed = seed, .name = "agents.gp.initial_design"})) {}

void GpOptimizer::Tell(const VectorXd& x, double output, std::span<const double> constraints) {
  if (outputs_.empty()) {
    GpOptimizerOptions options = options_;
    options.standardisation.reset();
    for (size_t i = 0; i < constraints.size(); ++i) {
      constraints_.emplace_back(dimension_, options, seed_);
    }
  }
  inputs_.push_back(x);
  outputs_.push_back(output);
  for (size_t i = 0; i < constraints_.size(); ++i) constraints_[i].Tell(x, constraints[i]);
}

MatrixXd GpOptimizer::Inputs() const {
  MatrixXd inputs(Index(inputs_.size()), Index(dimension_));
  for (size_t i = 0; i < inputs_.size(); ++i) inputs.row(Index(i)) = inputs_[i].transpose();
  return inputs;
}

std::optional<GpHyperparameters> GpOptimizer::hyperparameters() const {
  if (!gp_) return std::nullopt;
  return gp_->hyperparameters();
}

std::vector<GpOptimizer::Fit> GpOptimizer::fits() const {
  if (!gp_) return {};
  std::vector<Fit> fits = {{fitted_at_, gp_->hyperparameters().ToVector()}};
  for (const GpOptimizer& c : constraints_) {
    for (Fit& fit : c.fits()) fits.push_back(std::move(fit));
  }
  return fits;
}

absl::Status GpOptimizer::Restore(std::span<const Fit> fits) {
  if (fits.empty()) return absl::OkStatus();
  if (fits.size() != 1 + constraints_.size()) {
    return absl::InvalidArgumentError("not as many fits as outputs and constraints");
  }
  RONCHI_RETURN_IF_ERROR(RestoreOwn(fits[0]));
  for (size_t i = 0; i < constraints_.size(); ++i) {
    RONCHI_RETURN_IF_ERROR(constraints_[i].RestoreOwn(fits[i + 1]));
  }
  return absl::OkStatus();
}

absl::Status GpOptimizer::RestoreOwn(const Fit& fit) {
  if (fit.observations < 1 || fit.observations > size() ||
      fit.hyperparameters.size() != Index(dimension_) + 2 || !fit.hyperparameters.allFinite()) {
    return absl::InvalidArgumentError("no fit of what has been told");
  }
  return Condition(fit.observations, GpHyperparameters::FromVector(fit.hyperparameters));
}

absl::Status GpOptimizer::Condition(size_t observations, const GpHyperparameters& hyperparameters) {
  const std::vector<double> outputs(outputs_.begin(), outputs_.begin() + long(observations));
  standardisation_ = options_.standardisation.value_or(StandardisationOf(outputs));
  VectorXd y = Eigen::Map<const VectorXd>(outputs.data(), Index(observations));
  y = (y.array() - standardisation_.offset) / standardisation_.scale;
  RONCHI_ASSIGN_OR_RETURN(
      GaussianProcess gp,
      GaussianProcess::Create(Inputs().topRows(Index(observations)), y, hyperparameters));
  gp_ = std::move(gp);
  fitted_at_ = observations;
  return absl::OkStatus();
}

absl::Status GpOptimizer::Refit() {
  const Standardisation s = options_.standardisation.value_or(StandardisationOf(outputs_));
  VectorXd y = Eigen::Map<const VectorXd>(outputs_.data(), Index(outputs_.size()));
  y = (y.array() - s.offset) / s.scale;
  // The last fit is nearly right and the prior's mean guards against having been misled early;
  // a shorter-scaled start catches the other common mode (signal taken for noise).
  std::vector<GpHyperparameters> starts;
  if (gp_) starts.push_back(gp_->hyperparameters());
  if (!gp_ || size() < options_.refit_always_until) {
    GpHyperparameters shorter = GpHyperparameters::FromVector(options_.prior.mean);
    shorter.log_length_scale.array() -= 1.0;
    starts.push_back(shorter);
  }
  const GpData data = {.inputs = Inputs(), .outputs = y};
  return Condition(size(), FitMap({&data, 1}, options_.prior, starts));
}

absl::Status GpOptimizer::Update(bool refit_now) {
  if (outputs_.empty()) return absl::FailedPreconditionError("no observation yet");
  for (GpOptimizer& c : constraints_) RONCHI_RETURN_IF_ERROR(c.Update(refit_now));
  const bool due = size() > fitted_at_ && (size() <= options_.refit_always_until ||
                                           size() >= fitted_at_ + options_.refit_period);
  if (!gp_ || due || (refit_now && size() > fitted_at_)) return Refit();
  for (size_t i = gp_->size(); i < size(); ++i) {
    RONCHI_RETURN_IF_ERROR(
        gp_->Append(inputs_[i], (outputs_[i] - standardisation_.offset) / standardisation_.scale));
  }
  return absl::OkStatus();
}

VectorXd GpOptimizer::EligibleMeans() const {
  VectorXd means = MeansAtData(*gp_);
  for (const GpOptimizer& c : constraints_) {
    const VectorXd beside = MeansAtData(*c.gp_);
    for (Index i = 0; i < means.size(); ++i) {
      if (beside[i] > c.LimitInside()) means[i] = -INFINITY;
    }
  }
  return means;
}

// Sobol points are sparse in many dimensions; the best optimum often lies close by what is best so
// far. 32 points around it, at a hundredth and a tenth of the cube.
MatrixXd GpOptimizer::NearIncumbent(uint64_t step) const {
  Index at = 0;
  EligibleMeans().maxCoeff(&at);
  constexpr Index kPoints = 32;
  RandomStream stream({.seed = seed_, .name = "agents.gp.near_incumbent", .step = step});
  MatrixXd near(kPoints, Index(dimension_));
  for (Index i = 0; i < kPoints; ++i) {
    const double sigma = i % 2 == 0 ? 0.01 : 0.1;
    for (Index d = 0; d < near.cols(); ++d) {
      near(i, d) = std::clamp(gp_->inputs()(at, d) + stream.Normal(0, sigma), 0.0, 1.0);
    }
  }
  return near;
}

absl::StatusOr<VectorXd> GpOptimizer::Ask(std::span<const VectorXd> pending) {
  const uint64_t step = size() + pending.size();
  if (step < options_.n_initial) return VectorXd(initial_.row(Index(step)).transpose());
  if (outputs_.empty()) {  // more at once than the design has: it goes on
    return VectorXd(
        SobolPoints(step + 1, dimension_, {.seed = seed_, .name = "agents.gp.initial_design"})
            .row(Index(step))
            .transpose());
  }
  RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/false));
  const double best = EligibleMeans().maxCoeff();
  std::optional<GaussianProcess> believer;
  if (!pending.empty()) believer = *gp_;
  for (const VectorXd& x : pending) {
    RONCHI_RETURN_IF_ERROR(believer->Append(x, believer->Predict(x).mean));
  }
  const GaussianProcess& gp = believer ? *believer : *gp_;
  const BatchFunction many = [&](const MatrixXd& points) -> VectorXd {
    VectorXd values = std::isfinite(best) ? LogEiOfMany(gp, best)(points)
                                          : VectorXd(VectorXd::Zero(points.rows()));
    for (const GpOptimizer& c : constraints_) {
      values += LogFeasibility(*c.gp_, c.LimitInside(), points);
    }
    return values;
  };
  const SmoothFunction one = [&](const VectorXd& x, VectorXd* gradient) {
    *gradient = VectorXd::Zero(x.size());
    double value = std::isfinite(best) ? LogEiOfOne(gp, best)(x, gradient) : 0;
    for (const GpOptimizer& c : constraints_) {
      VectorXd more;
      value += LogFeasibility(*c.gp_, c.LimitInside(), x, &more);
      *gradient += more;
    }
    return value;
  };
  return MaximizeOverCube(many, one, dimension_, NearIncumbent(step),
                          {.seed = seed_, .name = "agents.gp.acquisition", .step = step},
                          options_.acquisition)
      .x;
}

absl::StatusOr<GpPrediction> GpOptimizer::Predict(const VectorXd& x) {
  RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/false));
  const GpPrediction p = gp_->Predict(x);
  return GpPrediction{standardisation_.offset + standardisation_.scale * p.mean,
                      standardisation_.scale * standardisation_.scale * p.variance};
}

absl::StatusOr<VectorXd> GpOptimizer::BestMean() {
  RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/true));
  if (!constraints_.empty()) {
    VectorXd worth = EligibleMeans();
    if (!std::isfinite(worth.maxCoeff())) {
      worth.setZero();
      for (const GpOptimizer& c : constraints_) {
        worth += LogFeasibility(*c.gp_, c.LimitInside(), gp_->inputs());
      }
    }
    Index at = 0;
    worth.maxCoeff(&at);
    return inputs_[size_t(at)];
  }
  const BatchFunction many = [this](const MatrixXd& points) {
    VectorXd means;
    gp_->PredictMany(points, &means, nullptr);
    return means;
  };
  const SmoothFunction one = [this](const VectorXd& x, VectorXd* gradient) {
    const GpPredictionWithGradient p = gp_->PredictWithGradient(x);
    *gradient = p.mean_gradient;
    return p.value.mean;
  };
  return MaximizeOverCube(many, one, dimension_, NearIncumbent(size()),
                          {.seed = seed_, .name = "agents.gp.best_mean", .step = size()},
                          options_.acquisition)
      .x;
}

}  // namespace ronchi::agents
