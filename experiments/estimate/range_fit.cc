#include "experiments/estimate/range_fit.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/interrupt.h"

namespace ronchi {
namespace {

using FitIndex = Eigen::Index;
constexpr int kMostFitSteps = 25;
constexpr double kSettled = 1e-2;  // of χ²: a tenth of a standard deviation

double WithWeightsOf(const theory::NormalEquations& here, const theory::NormalEquations& there) {
  double chi2 = 0;
  for (size_t i = 0; i < there.residuals.size(); ++i) {
    chi2 += there.residuals[i].cwiseAbs2().dot(here.weights[i]);
  }
  return chi2;
}

double Deviance(const theory::NormalEquations& e) { return e.chi2 + e.log_variance; }

}  // namespace

RangeFit::RangeFit(const theory::ForwardModel& model, std::span<const theory::Acquisition> data,
                   theory::State low, theory::State high)
    : model_(model), data_(data), low_(std::move(low)), high_(std::move(high)) {
  prior_.resize(low_.size());
  for (FitIndex i = 0; i < prior_.size(); ++i) {
    prior_[i] = 1 / std::pow(model.parameters()[size_t(i)].sigma, 2);
  }
}

theory::NormalEquations RangeFit::Equations(const theory::State& at) const {
  return theory::Accumulate(model_, data_, at, data_[0].time_s);
}

Eigen::MatrixXd RangeFit::Information(const theory::NormalEquations& e) const {
  Eigen::MatrixXd out = e.information;
  out.diagonal() += prior_;
  return out;
}

bool RangeFit::AtEnd(size_t parameter, double value) const {
  const FitIndex i = FitIndex(parameter);
  const double margin = 1e-6 * (high_[i] - low_[i]);
  return value < low_[i] + margin || value > high_[i] - margin;
}

theory::State RangeFit::Free(const Point& p, const Eigen::MatrixXd& information) const {
  std::vector<FitIndex> free;
  for (FitIndex i = 0; i < p.at.size(); ++i) {
    const bool outwards = (p.at[i] <= low_[i] && p.equations.score[i] < 0) ||
                          (p.at[i] >= high_[i] && p.equations.score[i] > 0);
    if (!outwards) free.push_back(i);
  }
  theory::State step = theory::State::Zero(p.at.size());
  const Eigen::MatrixXd some = information(free, free);
  const Eigen::VectorXd score = p.equations.score(free);
  const Eigen::VectorXd solved = some.ldlt().solve(score);
  step(free) = solved;
  return step;
}

void RangeFit::Improve(Point* p, int steps) const {
  for (int i = 0; i < steps && !p->settled && p->damping < 1e6 && !Interrupted(); ++i) {
    Eigen::MatrixXd damped = Information(p->equations);
    damped.diagonal() *= 1 + p->damping;
    const theory::State trial = (p->at + Free(*p, damped)).cwiseMax(low_).cwiseMin(high_);
    theory::NormalEquations there = Equations(trial);
    // With the weights of the point from which the step goes.
    const double gain = p->equations.chi2 - WithWeightsOf(p->equations, there);
    if (!(gain > 0)) {
      p->settled = p->damping > 1e2 || (trial - p->at).cwiseAbs().maxCoeff() == 0;
      p->damping *= 8;
      continue;
    }
    p->at = trial;
    p->equations = std::move(there);
    p->damping = std::max(1e-9, p->damping / 8);
    p->settled = gain < kSettled;
  }
}

absl::StatusOr<RangeFit::Point> RangeFit::Run(std::span<const theory::State> starts,
                                              int tryout_steps) const {
  std::optional<Point> best;
  for (const theory::State& start : starts) {
    const theory::State inside = start.cwiseMax(low_).cwiseMin(high_);
    Point point{inside, Equations(inside)};
    Improve(&point, tryout_steps);
    if (Interrupted()) return absl::CancelledError("interrupted");
    if (!best || Deviance(point.equations) < Deviance(best->equations)) best = std::move(point);
  }
  if (!best) return absl::InternalError("a fit without a start");
  Improve(&*best, kMostFitSteps);
  if (Interrupted()) return absl::CancelledError("interrupted");
  return *std::move(best);
}

}  // namespace ronchi
