#include "theory/belief/belief.h"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "theory/belief/start_search.h"

namespace ronchi::theory {
namespace {

using Index = Eigen::Index;
constexpr size_t kStarts = 6;  // refined; the grid's best is nearly always the right one
constexpr int kMostIterations = 40;
constexpr int kMostSteps = 3;  // of an update; two settle a quiet filter
// A step of less than this share of the posterior's standard deviation, in every parameter, changes
// no stream by as much: the update has settled.
constexpr double kSmallStep = 1e-3;

}  // namespace

Belief::Belief(std::shared_ptr<const ForwardModel> model)
    : model_(std::move(model)),
      prior_mean_(parameters().PriorMean()),
      prior_sigma_(parameters().PriorSigma()),
      mean_(prior_mean_),
      covariance_(prior_sigma_.cwiseAbs2().asDiagonal()) {}

double Belief::Sigma(size_t parameter) const {
  return std::sqrt(covariance_(Index(parameter), Index(parameter)));
}

double Belief::Value(std::string_view name) const {
  const auto i = parameters().Find(name);
  RONCHI_CHECK(i.has_value());
  return values()[Index(*i)];
}

absl::Status Belief::Check(std::span<const Acquisition> acquisitions) const {
  if (acquisitions.empty()) return absl::InvalidArgumentError("belief: no acquisition");
  for (size_t i = 0; i < acquisitions.size(); ++i) {
    RONCHI_RETURN_IF_ERROR(
        Annotate(model_->Check(acquisitions[i]), absl::StrCat("belief: acquisition ", i)));
    if (i > 0 && !(acquisitions[i].time_s >= acquisitions[i - 1].time_s)) {
      return absl::InvalidArgumentError(
          absl::StrCat("belief: acquisition ", i, " is of ", acquisitions[i].time_s,
                       " s, before the one before it, ", acquisitions[i - 1].time_s, " s"));
    }
  }
  return absl::OkStatus();
}

void Belief::Walk(double seconds) {
  if (!(seconds > 0)) return;
  const Eigen::MatrixXd carry = parameters().Propagator(seconds);
  mean_ = carry * mean_;
  covariance_ = carry * covariance_ * carry.transpose();
  for (size_t i = 0; i < parameters().size(); ++i) {
    const Parameter& p = parameters()[i];
    covariance_(Index(i), Index(i)) += p.walk * p.walk * seconds + p.jitter * p.jitter;
  }
  time_s_ += seconds;
}

// Levenberg–Marquardt on χ² plus the prior, at the first one's time. Returns the cost at the
// solution.
double Belief::Refine(std::span<const Acquisition> acquisitions, State* at,
                      Eigen::MatrixXd* information, bool* converged) const {
  const State prior_weight = prior_sigma_.cwiseAbs2().cwiseInverse();
  State pull = prior_weight;  // of a prior that prefers no value: none
  for (size_t i = 0; i < parameters().size(); ++i) {
    if (parameters()[i].anywhere) pull[Index(i)] = 0;
  }
  const auto evaluate = [&](const State& x, Eigen::MatrixXd* a, State* b) {
    const NormalEquations e = Accumulate(*model_, acquisitions, x, acquisitions[0].time_s);
    const State off = x - prior_mean_;
    *a = e.information;
    a->diagonal() += prior_weight;
    *b = e.score - pull.cwiseProduct(off);
    return e.chi2 + off.cwiseAbs2().dot(pull);
  };
  Eigen::MatrixXd a, trial_a;
  State b, trial_b;
  double cost = evaluate(*at, &a, &b), damping = 1e-2;
  for (int i = 0; i < kMostIterations && damping < 1e8; ++i) {
    Eigen::MatrixXd damped = a;
    damped.diagonal() *= 1 + damping;
    const State trial = *at + damped.ldlt().solve(b);
    const double trial_cost = evaluate(trial, &trial_a, &trial_b);
    if (!(trial_cost < cost)) {
      damping *= 8;
      continue;
    }
    const bool small = cost - trial_cost < 1e-4 * std::max(1.0, std::sqrt(cost));
    *at = trial;
    cost = trial_cost;
    a = trial_a;
    b = trial_b;
    damping = std::max(1e-9, damping / 8);
    if (small) break;
  }
  *converged = std::isfinite(cost);
  *information = a;
  return cost;
}

absl::StatusOr<Belief::FitSummary> Belief::Fit(std::span<const Acquisition> acquisitions) {
  RONCHI_RETURN_IF_ERROR(Check(acquisitions));
  double data = 0;
  for (const Acquisition& a : acquisitions) data += double(a.data.size());
  FitSummary summary;
  double best = std::numeric_limits<double>::infinity();
  for (State start : SearchStarts(*model_, acquisitions, prior_mean_, kStarts)) {
    Eigen::MatrixXd information;
    bool converged = false;
    const double cost = Refine(acquisitions, &start, &information, &converged);
    ++summary.starts;
    if (!converged || cost >= best) continue;
    best = cost;
    mean_ = start;
    summary.converged = true;
    summary.chi2_per_datum = cost / data;
    // Where the theory does not explain everything, its parameters are known less well.
    covariance_ = information.inverse() * std::max(1.0, summary.chi2_per_datum);
  }
  time_s_ = acquisitions.front().time_s;
  Walk(acquisitions.back().time_s - time_s_);
  return summary;
}

absl::StatusOr<Residual> Belief::Update(std::span<const Acquisition> acquisitions) {
  RONCHI_RETURN_IF_ERROR(Check(acquisitions));
  Walk(acquisitions.front().time_s - time_s_);
  const double time_s = acquisitions.front().time_s;
  NormalEquations e = Accumulate(*model_, acquisitions, mean_, time_s);
  Residual residual = MakeResidual(e, parameters(), covariance_);
  // Not a number (data that are none): judged by nobody, taken in by nobody.
  if (residual.Largest() <= kGate && std::isfinite(e.chi2)) {
    const Eigen::MatrixXd prior_information = covariance_.inverse();
    const State before = mean_;
    // Relinearised at each new mean. The first point's equations are the innovation's.
    for (int step = 0;; ++step) {
      const Eigen::LDLT<Eigen::MatrixXd> solver(e.information + prior_information);
      const State change = solver.solve(e.score + prior_information * (before - mean_));
      mean_ += change;
      covariance_ = solver.solve(Eigen::MatrixXd::Identity(mean_.size(), mean_.size()));
      const bool small =
          (change.cwiseAbs().array() <= kSmallStep * covariance_.diagonal().cwiseSqrt().array())
              .all();
      if (small || step + 1 == kMostSteps) break;
      e = Accumulate(*model_, acquisitions, mean_, time_s);
    }
  }
  Walk(acquisitions.back().time_s - time_s);
  return residual;
}

}  // namespace ronchi::theory
