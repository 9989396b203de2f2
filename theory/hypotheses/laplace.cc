#include "theory/hypotheses/laplace.h"

#include <Eigen/Cholesky>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/angle.h"
#include "theory/belief/normal_equations.h"

namespace ronchi::theory {
namespace {

// ln p(data, coordinates), without the prior's constant.
double LogJoint(const ForwardModel& model, std::span<const Acquisition> all, Likelihood likelihood,
                const State& mean, const State& sigma, const State& at) {
  double sum = -(at - mean).cwiseQuotient(sigma).squaredNorm() / 2;
  for (const Acquisition& a : all) {
    const State then = model.parameters().Propagator(a.time_s - all[0].time_s) * at;
    sum +=
        LogLikelihood(model.Predict(model.parameters().ToValues(then), a), DataOf(a), likelihood);
  }
  return sum;
}

}  // namespace

absl::StatusOr<LaplaceEvidence> ComputeLaplaceEvidence(const ForwardModel& model,
                                                       std::span<const Acquisition> all,
                                                       Likelihood likelihood) {
  if (all.empty()) return absl::InvalidArgumentError("evidence: no acquisition");
  for (size_t i = 0; i < all.size(); ++i) {
    RONCHI_RETURN_IF_ERROR(model.Check(all[i]));
    if (i > 0 && all[i].time_s < all[i - 1].time_s) {
      return absl::InvalidArgumentError(
          absl::StrCat("evidence: acquisition ", i, " is before the one before it"));
    }
  }
  const State mean = model.parameters().PriorMean(), sigma = model.parameters().PriorSigma();
  const Eigen::MatrixXd prior = sigma.cwiseAbs2().cwiseInverse().asDiagonal();
  LaplaceEvidence out{.mode = mean};
  double joint = LogJoint(model, all, likelihood, mean, sigma, mean);
  Eigen::MatrixXd information;
  // Fisher scoring, halved until it gains.
  constexpr int kMostSteps = 100;
  for (int step = 0; step < kMostSteps && !out.converged; ++step) {
    const NormalEquations e = Accumulate(model, all, out.mode, all[0].time_s);
    information = e.information + prior;
    const State slope = e.score - prior * (out.mode - mean);
    const State change = information.ldlt().solve(slope);
    double share = 1;
    for (;; share /= 2) {
      const State next = out.mode + share * change;
      const double there = LogJoint(model, all, likelihood, mean, sigma, next);
      out.converged = share * std::abs(slope.dot(change)) < 1e-12 || share < 1e-9;
      if (there > joint || out.converged) {
        if (there > joint) {
          out.mode = next;
          joint = there;
        }
        break;
      }
    }
  }
  information = Accumulate(model, all, out.mode, all[0].time_s).information + prior;
  const Eigen::LLT<Eigen::MatrixXd> factor(information);
  out.covariance = factor.solve(Eigen::MatrixXd::Identity(prior.rows(), prior.cols()));
  const double log_half_determinant =
      factor.matrixLLT().diagonal().array().log().sum();  // of the information
  // The 2π of the prior's constant and of the Gaussian integral cancel.
  out.log_evidence = joint - sigma.array().log().sum() - log_half_determinant;
  return out;
}

}  // namespace ronchi::theory
