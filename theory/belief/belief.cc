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
// A fit has settled when a step lowers χ² by less: it was one of a thirtieth of a standard
// deviation.
constexpr double kSmallGain = 1e-3;

double WeightedSquares(const std::vector<Eigen::VectorXd>& residuals,
                       const std::vector<Eigen::VectorXd>& weights) {
  double sum = 0;
  for (size_t i = 0; i < residuals.size(); ++i) sum += residuals[i].cwiseAbs2().dot(weights[i]);
  return sum;
}

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

// Levenberg–Marquardt at the first one's time, on χ² plus the prior, with the weights of the point
// from which a step goes (Fisher scoring: Wedderburn, Biometrika 61, 439, 1974). A χ² that is
// weighted anew at every trial has its minimum elsewhere, where the variance is larger, and that
// place moves with the noise: at an electron a pixel its errors are half as large again.
Belief::Refined Belief::Refine(std::span<const Acquisition> acquisitions,
                               const State& start) const {
  const State prior_weight = prior_sigma_.cwiseAbs2().cwiseInverse();
  State pull = prior_weight;  // of a prior that prefers no value: none
  for (size_t i = 0; i < parameters().size(); ++i) {
    if (parameters()[i].anywhere) pull[Index(i)] = 0;
  }
  const auto evaluate = [&](const State& x) {
    NormalEquations e = Accumulate(*model_, acquisitions, x, acquisitions[0].time_s);
    e.information.diagonal() += prior_weight;
    e.score -= pull.cwiseProduct(x - prior_mean_);
    return e;
  };
  const auto prior_cost = [&](const State& x) { return (x - prior_mean_).cwiseAbs2().dot(pull); };
  Refined out{.at = start};
  NormalEquations here = evaluate(out.at);
  double damping = 1e-2;
  for (int i = 0; i < kMostIterations && damping < 1e8; ++i) {
    Eigen::MatrixXd damped = here.information;
    damped.diagonal() *= 1 + damping;
    const State trial = out.at + damped.ldlt().solve(here.score);
    NormalEquations there = evaluate(trial);
    const double gain = here.chi2 + prior_cost(out.at) -
                        WeightedSquares(there.residuals, here.weights) - prior_cost(trial);
    if (!(gain > 0)) {
      damping *= 8;
      continue;
    }
    out.at = trial;
    here = std::move(there);
    damping = std::max(1e-9, damping / 8);
    if (gain < kSmallGain) break;
  }
  out.chi2 = here.chi2 + prior_cost(out.at);
  out.information = here.information;
  out.deviance = out.chi2 + here.log_variance;
  return out;
}

absl::StatusOr<Belief::FitSummary> Belief::Fit(std::span<const Acquisition> acquisitions) {
  RONCHI_RETURN_IF_ERROR(Check(acquisitions));
  double data = 0;
  for (const Acquisition& a : acquisitions) data += double(a.data.size());
  FitSummary summary;
  double best = std::numeric_limits<double>::infinity();
  for (const State& start : SearchStarts(*model_, acquisitions, prior_mean_, kStarts)) {
    const Refined refined = Refine(acquisitions, start);
    ++summary.starts;
    if (!(refined.deviance < best)) continue;  // not when it is no number, either
    best = refined.deviance;
    mean_ = refined.at;
    summary.converged = true;
    summary.chi2_per_datum = refined.chi2 / data;
    // Where the theory does not explain everything, its parameters are known less well.
    covariance_ = refined.information.inverse() * std::max(1.0, summary.chi2_per_datum);
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
