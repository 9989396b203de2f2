#include "agents/bayes/gp_optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "agents/bayes/feasibility.h"
#include "agents/bayes/in_context.h"
#include "agents/bayes/sobol.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

// The noise alone is tied down where it is known, to a hundredth of its variance.
GpPrior PriorOf(const GpOptimizerOptions& options, const OutputMap& map) {
  GpPrior prior = options.prior;
  if (!options.noise_sd) return prior;
  const double variance = map.MapVariance(*options.noise_sd * *options.noise_sd);
  prior.mean.tail(1).setConstant(std::log(std::max(variance, 1e-30)));
  prior.sd.tail(1).setConstant(0.01);
  return prior;
}

// Up to as many, fits try more starts and warps: they change most, and cost least.
constexpr size_t kFewObservations = 30;

}  // namespace

GpOptimizer::GpOptimizer(size_t dimension, GpOptimizerOptions options, uint64_t seed)
    : dimension_(dimension),
      options_(std::move(options)),
      seed_(seed),
      initial_(SobolPoints(options_.n_initial, dimension,
                           {.seed = seed, .name = "agents.gp.initial_design"})) {}

absl::Status GpOptimizer::CheckPoint(const VectorXd& x) const {
  if (x.size() != Index(dimension_)) {
    return absl::InvalidArgumentError(absl::StrCat("an observation at a point of ", x.size(),
                                                   " dimensions; allowed: ", dimension_));
  }
  if (!(x.array().abs() <= 1e6).all()) {
    return absl::InvalidArgumentError(
        "a point observed is no number or beyond 1e6 sides of the unit cube");
  }
  return absl::OkStatus();
}

absl::Status GpOptimizer::Tell(const VectorXd& x, double output,
                               std::span<const double> constraints) {
  RONCHI_RETURN_IF_ERROR(CheckPoint(x));
  std::vector<double> values(constraints.begin(), constraints.end());
  values.push_back(output);
  for (const double value : values) {
    if (std::isfinite(value)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("an observed value of ", value, " is not allowed; allowed: finite numbers"));
  }
  for (size_t i = 0; outputs_.empty() && i < constraints.size(); ++i) {
    GpOptimizerOptions options = options_;
    options.standardisation.reset();
    options.noise_sd.reset();
    options.safety.reset();
    // Of points that all are safe the mean is safe, and says nothing of those beyond.
    options.about_zero = options_.safety.has_value();
    constraints_.emplace_back(dimension_, options, seed_);
  }
  if (constraints.size() != constraints_.size()) {
    return absl::InvalidArgumentError(absl::StrCat(constraints.size(), " constraints; there were ",
                                                   constraints_.size(), " at first"));
  }
  for (size_t i = 0; i < constraints.size(); ++i) {
    RONCHI_RETURN_IF_ERROR(constraints_[i].Tell(x, constraints[i]));
  }
  inputs_.push_back(x);
  outputs_.push_back(output);
  return absl::OkStatus();
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

std::optional<Standardisation> GpOptimizer::KnownStandardisation(
    const std::vector<double>& outputs) const {
  if (!options_.about_zero) return options_.standardisation;
  double largest = 0, squares = 0;
  for (double v : outputs) largest = std::max(largest, std::fabs(v));
  if (!(largest > std::numeric_limits<double>::min())) return Standardisation{};
  for (double v : outputs) squares += (v / largest) * (v / largest) / double(outputs.size());
  return Standardisation{0, largest * std::sqrt(squares)};
}

// All at first, then the neighbours of the last: at every fit while they are few, later at every
// `refit_period`th observation.
std::vector<size_t> GpOptimizer::WarpsToTry() const {
  if (options_.standardisation || options_.about_zero || !options_.warp) return {0};
  const bool due = size() <= kFewObservations || size() >= warped_at_ + options_.refit_period;
  if (gp_ && !due) return {warp_};
  std::vector<size_t> warps;
  for (size_t k = 0; k < WarpScales().size(); ++k) {
    if (!gp_ || (k + 1 >= warp_ && k <= warp_ + 1)) warps.push_back(k);
  }
  return warps;
}

absl::Status GpOptimizer::Refit() {
  // The last fit is nearly right and the prior's mean guards against having been misled early;
  // a shorter-scaled start catches the other common mode (signal taken for noise).
  std::vector<GpHyperparameters> starts;
  if (gp_) starts.push_back(gp_->hyperparameters());
  if (!gp_ || size() < kFewObservations) {
    starts.push_back(options_.prior.Shorter());
  }
  GpData data = {.inputs = Inputs(), .outputs = {}};
  GpHyperparameters best;
  size_t best_warp = 0;
  double best_value = -INFINITY;
  const std::vector<size_t> warps = WarpsToTry();
  if (warps.size() > 1) warped_at_ = size();
  for (const size_t warp : warps) {
    const OutputMap map(outputs_, KnownStandardisation(outputs_), warp);
    data.outputs = map.outputs();
    const GpPrior prior = PriorOf(options_, map);
    const GpHyperparameters fit = FitMap({&data, 1}, prior, starts);
    const double value = LogPosterior({&data, 1}, prior, fit.ToVector(), nullptr) +
                         map.LogJacobian() + LogWarpPrior(warp);
    if (value <= best_value) continue;
    best_value = value;
    best = fit;
    best_warp = warp;
  }
  return Condition(size(), best_warp, best);
}

absl::Status GpOptimizer::Condition(size_t observations, size_t warp,
                                    const GpHyperparameters& hyperparameters) {
  const std::vector<double> known(outputs_.begin(), outputs_.begin() + long(observations));
  map_ = OutputMap(known, KnownStandardisation(known), warp);
  RONCHI_ASSIGN_OR_RETURN(
      GaussianProcess gp,
      GaussianProcess::Create(Inputs().topRows(Index(observations)), map_.outputs(),
                              hyperparameters, options_.prior.KernelOrMatern52()));
  gp_ = std::move(gp);
  warp_ = warp;
  fitted_at_ = observations;
  return absl::OkStatus();
}

std::vector<GpOptimizer::Fit> GpOptimizer::fits() const {
  if (!gp_) return {};
  std::vector<Fit> fits = {{fitted_at_, warp_, warped_at_, gp_->hyperparameters().ToVector()}};
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
  if (fit.observations < 1 || fit.observations > size() || fit.warp >= WarpScales().size() ||
      fit.hyperparameters.size() != options_.prior.mean.size() ||
      !fit.hyperparameters.allFinite()) {
    return absl::InvalidArgumentError("no fit of what has been told");
  }
  warped_at_ = fit.warped_at;
  return Condition(fit.observations, fit.warp, GpHyperparameters::FromVector(fit.hyperparameters));
}

absl::Status GpOptimizer::Update(bool refit_now) {
  if (outputs_.empty()) return absl::FailedPreconditionError("no observation yet");
  for (GpOptimizer& c : constraints_) RONCHI_RETURN_IF_ERROR(c.Update(refit_now));
  const bool due = size() > fitted_at_ && (size() <= options_.refit_always_until ||
                                           size() >= fitted_at_ + options_.refit_period);
  if (!gp_ || due || (refit_now && size() > fitted_at_)) return Refit();
  for (size_t i = gp_->size(); i < size(); ++i) {
    RONCHI_RETURN_IF_ERROR(gp_->Append(inputs_[i], map_.Map(outputs_[i])));
  }
  return absl::OkStatus();
}

absl::StatusOr<GpOptimizer::Model> GpOptimizer::Fitted() {
  RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/false));
  return Model{&*gp_, &map_};
}

MatrixXd GpOptimizer::NearIncumbent(const GaussianProcess& gp, uint64_t step) const {
  Index at = 0;
  EligibleMeans(gp, Limits()).maxCoeff(&at);
  return PointsAbout(gp.inputs().row(at),
                     {.seed = seed_, .name = "agents.gp.near_incumbent", .step = step});
}

std::vector<Constraint> GpOptimizer::Limits() const {
  std::vector<Constraint> limits;
  for (const GpOptimizer& c : constraints_) limits.push_back({&*c.gp_, c.map_.Map(0)});
  return limits;
}

absl::Status GpOptimizer::CheckSafety() const {
  if (!options_.safety) return absl::OkStatus();
  const SafetyPromise& promise = *options_.safety;
  if (!(promise.unsafe_share > 0 && promise.unsafe_share < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("an unsafe share of ", promise.unsafe_share, "; allowed: above 0, below 1"));
  }
  if (size() >= std::max<size_t>(1, promise.seeds) && !constraints_.empty()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("safety is promised from ", std::max<size_t>(1, promise.seeds),
                   " points that are known to be safe, with their constraints; ", size(),
                   " are told, with ", constraints_.size(), " constraints"));
}

// Which of the points told broke a constraint.
std::vector<bool> GpOptimizer::Broken() const {
  std::vector<bool> broken(size(), false);
  for (const GpOptimizer& c : constraints_) {
    for (size_t i = 0; i < size(); ++i) broken[i] = broken[i] || c.outputs_[i] > 0;
  }
  return broken;
}

VectorXd GpOptimizer::Next(const GaussianProcess& gp, uint64_t step) const {
  const StreamKey key = {.seed = seed_, .name = "agents.gp.acquisition", .step = step};
  if (options_.safety) {
    return NextSafely(gp, Limits(), SafeReach(*options_.safety, Broken(), constraints_.size()),
                      key);
  }
  const MatrixXd near = NearIncumbent(gp, step);
  return constraints_.empty() ? options_.rule->Next(gp, near, key, options_.acquisition)
                              : NextWithin(gp, Limits(), near, key, options_.acquisition);
}

absl::Status GpOptimizer::CheckContext(const VectorXd& context) const {
  if (context.size() > 0 && context.size() < Index(dimension_) &&
      (context.array().abs() <= 1e6).all()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "a context of ", context.size(), " of ", dimension_,
      " inputs; allowed: one or more, but not all, each a number within 1e6 sides of the cube"));
}

absl::StatusOr<VectorXd> GpOptimizer::AskIn(const VectorXd& context) {
  RONCHI_RETURN_IF_ERROR(CheckContext(context));
  const Index free = Index(dimension_) - context.size();
  if (size() < options_.n_initial || outputs_.empty()) {
    return VectorXd(
        SobolPoints(size() + 1, dimension_, {.seed = seed_, .name = "agents.gp.initial_design"})
            .row(Index(size()))
            .head(free)
            .transpose());
  }
  RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/false));
  return NextInContext(*gp_, context,
                       {.seed = seed_, .name = "agents.gp.in_context", .step = size()},
                       options_.acquisition);
}

absl::StatusOr<VectorXd> GpOptimizer::BestMeanIn(const VectorXd& context) {
  RONCHI_RETURN_IF_ERROR(CheckContext(context));
  RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/true));
  return BestInContext(*gp_, context,
                       {.seed = seed_, .name = "agents.gp.best_in_context", .step = size()},
                       options_.acquisition);
}

absl::StatusOr<VectorXd> GpOptimizer::Ask() {
  RONCHI_ASSIGN_OR_RETURN(const MatrixXd batch, AskBatch(1));
  return VectorXd(batch.row(0).transpose());
}

absl::StatusOr<MatrixXd> GpOptimizer::AskBatch(size_t count, const std::vector<VectorXd>& pending) {
  for (const VectorXd& x : pending) RONCHI_RETURN_IF_ERROR(CheckPoint(x));
  RONCHI_RETURN_IF_ERROR(CheckSafety());
  MatrixXd batch{Index(count), Index(dimension_)};
  std::optional<GaussianProcess> gp;  // with what is pending
  for (size_t i = 0; i < count; ++i) {
    const size_t step = size() + pending.size() + i;
    if (!options_.safety && step < options_.n_initial) {
      batch.row(Index(i)) = initial_.row(Index(step));
      continue;
    }
    if (outputs_.empty()) {  // more at once than the design has: it goes on
      batch.row(Index(i)) =
          SobolPoints(step + 1, dimension_, {.seed = seed_, .name = "agents.gp.initial_design"})
              .row(Index(step));
      continue;
    }
    if (!gp) {
      RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/false));
      gp = gp_;
      for (const VectorXd& x : pending) {
        RONCHI_RETURN_IF_ERROR(gp->Append(x, gp->Predict(x).mean));
      }
      for (size_t j = 0; j < i; ++j) {
        const VectorXd x = batch.row(Index(j)).transpose();
        RONCHI_RETURN_IF_ERROR(gp->Append(x, gp->Predict(x).mean));
      }
    }
    const VectorXd next = Next(*gp, step);
    batch.row(Index(i)) = next.transpose();
    if (i + 1 < count) RONCHI_RETURN_IF_ERROR(gp->Append(next, gp->Predict(next).mean));
  }
  return batch;
}

absl::StatusOr<GpPrediction> GpOptimizer::Predict(const VectorXd& x) {
  RONCHI_RETURN_IF_ERROR(CheckPoint(x));
  RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/false));
  const GpPrediction p = gp_->Predict(x);
  const double deviation = map_.OutputDeviation(p.mean, std::sqrt(p.variance));
  return GpPrediction{map_.Output(p.mean), deviation * deviation};
}

absl::StatusOr<VectorXd> GpOptimizer::BestMean() {
  RONCHI_RETURN_IF_ERROR(Update(/*refit_now=*/true));
  if (!constraints_.empty()) {
    VectorXd worth = EligibleMeans(*gp_, Limits());
    if (!std::isfinite(worth.maxCoeff())) {
      worth.setZero();
      for (const Constraint& c : Limits()) worth += LogFeasibility(*c.gp, c.limit, gp_->inputs());
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
  return MaximizeOverCube(many, one, dimension_, NearIncumbent(*gp_, size()),
                          {.seed = seed_, .name = "agents.gp.best_mean", .step = size()},
                          options_.acquisition)
      .x;
}

}  // namespace ronchi::agents
