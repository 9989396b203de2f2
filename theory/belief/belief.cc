#include "theory/belief/belief.h"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>

#include "theory/belief/start_search.h"

namespace ronchi::theory {
namespace {

constexpr double kNm_A = 10;
constexpr size_t kStarts = 6;  // refined; the grid's best is nearly always the right one
constexpr int kMostIterations = 40;

Range Get(const Prior& prior, const char* name, Range otherwise) {
  const auto it = prior.ranges().find(name);
  return it != prior.ranges().end() ? it->second : otherwise;
}

}  // namespace

Belief::Belief(ColumnModel model, const Prior& prior) : model_(std::move(model)) {
  auto set = [&](Parameter p, const char* name, double unit, Range otherwise) {
    const Range r = Get(prior, name, otherwise);
    prior_mean_[p] = unit * (r.low + r.high) / 2;
    // A uniform range's standard deviation is width/√12; half the width keeps the ends likely.
    prior_sigma_[p] = std::max(1e-3, unit * (r.high - r.low) / 2);
  };
  prior_mean_.setZero();
  set(kC10, "C10_nm", kNm_A, {-10, 10});
  set(kC12a, "C12a_nm", kNm_A, {-10, 10});
  set(kC12b, "C12b_nm", kNm_A, {-10, 10});
  set(kSource, "source_fwhm_A", 1, {0.5, 1.0});
  set(kVelocityX, "drift_x_A_per_s", 1, {-0.5, 0.5});
  set(kVelocityY, "drift_y_A_per_s", 1, {-0.5, 0.5});
  const auto cell = model_.options().images->cell_A();
  prior_sigma_[kShiftX] = cell[0];
  prior_sigma_[kShiftY] = cell[1];
  prior_sigma_[kLogDose] = 0.3;  // current, thickness and gain together
  walk_.setZero();
  walk_[kC10] = kNm_A * Get(prior, "C10_walk_nm", {0, 0.05}).high;
  walk_[kC12a] = walk_[kC12b] = kNm_A * Get(prior, "C12_walk_nm", {0, 0.03}).high;
  walk_[kShiftX] = walk_[kShiftY] = Get(prior, "stage_walk_A", {0, 0.03}).high;
  walk_[kLogDose] = Get(prior, "current_noise", {0, 0.01}).high;
  walk_[kVelocityX] = walk_[kVelocityY] = 0.01;
  mean_ = prior_mean_;
  covariance_ = prior_sigma_.cwiseAbs2().asDiagonal();
}

double Belief::Sigma(Parameter p) const { return std::sqrt(covariance_(p, p)); }

void Belief::Walk(double seconds) {
  if (seconds <= 0) return;
  Covariance f = Covariance::Identity();
  f(kShiftX, kVelocityX) = f(kShiftY, kVelocityY) = seconds;
  mean_ = f * mean_;
  covariance_ = f * covariance_ * f.transpose();
  State noise = walk_.cwiseAbs2() * seconds;
  noise[kLogDose] = walk_[kLogDose] * walk_[kLogDose];  // white from image to image, not a walk
  covariance_ += noise.asDiagonal();
  time_s_ += seconds;
}

namespace {

// The state of the shift at an image's time, and the image's derivative by the full state.
State AtTime(const State& state, double dt) {
  State s = state;
  s[kShiftX] += dt * state[kVelocityX];
  s[kShiftY] += dt * state[kVelocityY];
  return s;
}

// Adds one image's JᵀWJ and JᵀWr; returns its χ².
double AddImage(const ColumnModel& model, const Acquisition& image, const State& state, double dt,
                Belief::Covariance* information, State* score) {
  Eigen::MatrixXd j;
  const Eigen::VectorXd predicted = model.Linearise(AtTime(state, dt), image.settings_A, &j);
  const Eigen::VectorXd observed =
      Eigen::Map<const Eigen::VectorXf>(image.image.data(), Eigen::Index(image.image.size()))
          .cast<double>();
  const Eigen::VectorXd r = observed - predicted;
  const Eigen::VectorXd weight = model.Variance(predicted, image.frames).cwiseInverse();
  j.conservativeResize(Eigen::NoChange, kParameters);
  j.col(kVelocityX) = dt * j.col(kShiftX);
  j.col(kVelocityY) = dt * j.col(kShiftY);
  *information += j.transpose() * weight.asDiagonal() * j;
  *score += j.transpose() * weight.cwiseProduct(r);
  return r.cwiseAbs2().dot(weight);
}

}  // namespace

// Levenberg–Marquardt on χ² plus the prior, times at images[0]. Returns the cost at the solution.
double Belief::Refine(std::span<const Acquisition> images, State* state, Covariance* information,
                      bool* converged) const {
  const State prior_weight = prior_sigma_.cwiseAbs2().cwiseInverse();
  auto evaluate = [&](const State& at, Covariance* a, State* b) {
    const State off = at - prior_mean_;
    *a = prior_weight.asDiagonal();
    *b = -prior_weight.cwiseProduct(off);
    double cost = off.cwiseAbs2().dot(prior_weight);
    // Lattice shifts have no preferred value: drop their prior.
    for (int p : {kShiftX, kShiftY}) {
      (*b)[p] = 0;
      cost -= off[p] * off[p] * prior_weight[p];
    }
    for (const Acquisition& image : images) {
      cost += AddImage(model_, image, at, image.time_s - images[0].time_s, a, b);
    }
    return cost;
  };
  Covariance a;
  State b;
  double cost = evaluate(*state, &a, &b), damping = 1e-2;
  *converged = false;
  for (int i = 0; i < kMostIterations && damping < 1e8; ++i) {
    Covariance damped = a;
    damped.diagonal() *= 1 + damping;
    const State trial = *state + damped.ldlt().solve(b);
    Covariance trial_a;
    State trial_b;
    const double trial_cost = evaluate(trial, &trial_a, &trial_b);
    if (!(trial_cost < cost)) {
      damping *= 8;
      continue;
    }
    const bool small = cost - trial_cost < 1e-4 * std::max(1.0, std::sqrt(cost));
    *state = trial;
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

Belief::FitSummary Belief::Fit(std::span<const Acquisition> images) {
  RONCHI_CHECK(!images.empty());
  FitSummary summary;
  const std::array<double, 3> range = {prior_sigma_[kC10], prior_sigma_[kC12a],
                                       prior_sigma_[kC12b]};
  double best = std::numeric_limits<double>::infinity();
  for (State start : SearchStarts(model_, images, prior_mean_, range, kStarts)) {
    Covariance information;
    bool converged = false;
    const double cost = Refine(images, &start, &information, &converged);
    ++summary.starts;
    if (!converged || cost >= best) continue;
    best = cost;
    mean_ = start;
    summary.converged = true;
    const double pixels = double(images.size() * images[0].image.size());
    summary.chi2_per_pixel = cost / pixels;
    // Where the theory does not explain everything, its parameters are known less well.
    covariance_ = information.inverse() * std::max(1.0, summary.chi2_per_pixel);
  }
  time_s_ = images[0].time_s;
  Walk(images.back().time_s - time_s_);
  return summary;
}

Residual Belief::Update(const Acquisition& image) {
  Walk(image.time_s - time_s_);
  Eigen::MatrixXd j;
  const Eigen::VectorXd observed =
      Eigen::Map<const Eigen::VectorXf>(image.image.data(), Eigen::Index(image.image.size()))
          .cast<double>();
  const Eigen::VectorXd predicted = model_.Linearise(mean_, image.settings_A, &j);
  const Residual residual =
      MakeResidual(observed - predicted, model_.Variance(predicted, image.frames), j, covariance_);
  if (residual.Largest() > kGate) return residual;
  // Iterated update: relinearise at the new mean; two steps settle a quiet filter.
  const Covariance prior_information = covariance_.inverse();
  const State before = mean_;
  Covariance information;
  for (int i = 0; i < 3; ++i) {
    information = prior_information;
    State score = prior_information * (before - mean_);
    AddImage(model_, image, mean_, 0, &information, &score);
    mean_ += information.ldlt().solve(score);
  }
  covariance_ = information.inverse();
  return residual;
}

}  // namespace ronchi::theory
