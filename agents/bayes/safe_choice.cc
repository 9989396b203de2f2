#include "agents/bayes/safe_choice.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "agents/bayes/log_ei.h"
#include "agents/bayes/sobol.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr Index kSobol = 1024, kAbout = 1024;  // candidates: of the cube, and about what is known
constexpr double kHopeless = 1e-3;             // improvement, of the outputs' standard deviation

// The whole cube, and clouds of several widths about the points observed: what is safe lies there.
MatrixXd Candidates(const MatrixXd& observed, const StreamKey& key) {
  MatrixXd out(kSobol + kAbout, observed.cols());
  out.topRows(kSobol) = SobolPoints(size_t(kSobol), size_t(observed.cols()), key);
  RandomStream stream(key);
  constexpr std::array<double, 4> kWidths = {0.01, 0.03, 0.1, 0.3};
  for (Index i = 0; i < kAbout; ++i) {
    const double width = kWidths[size_t(i) % kWidths.size()];
    const Index at = Index(stream.Below(uint64_t(observed.rows())));
    for (Index d = 0; d < out.cols(); ++d) {
      out(kSobol + i, d) = std::clamp(observed(at, d) + stream.Normal(0, width), 0.0, 1.0);
    }
  }
  return out;
}

// By how many standard deviations each point keeps the constraint that it keeps least, and the
// largest standard deviation of any.
struct Margins {
  VectorXd least, unknown;
};
Margins MarginsOf(const std::vector<Constraint>& constraints, const MatrixXd& points) {
  Margins out{VectorXd::Constant(points.rows(), INFINITY), VectorXd::Zero(points.rows())};
  for (const Constraint& c : constraints) {
    VectorXd means, variances;
    c.gp->PredictMany(points, &means, &variances);
    const VectorXd sigmas = variances.cwiseSqrt();
    out.least = out.least.cwiseMin(((c.limit - means.array()) / sigmas.array()).matrix());
    out.unknown = out.unknown.cwiseMax(sigmas);
  }
  return out;
}

}  // namespace

double SafeReach(const SafetyPromise& promise, const std::vector<bool>& broken,
                 size_t constraints) {
  const double freedom = std::max(1.0, double(broken.size()) - 1);
  const double each = promise.unsafe_share / (2 * double(std::max<size_t>(1, constraints)));
  double wider = 0;
  for (size_t i = promise.seeds; i < broken.size(); ++i) {
    wider = std::max(0.0, wider + (broken[i] ? 1 : 0) - promise.unsafe_share);
  }
  return boost::math::quantile(boost::math::students_t(freedom), 1 - each) + wider;
}

VectorXd NextSafely(const GaussianProcess& gp, const std::vector<Constraint>& constraints,
                    double reach, const StreamKey& key) {
  const MatrixXd points = Candidates(gp.inputs(), key);
  const Margins margins = MarginsOf(constraints, points);
  VectorXd means, variances;
  gp.PredictMany(points, &means, &variances);
  const double best = EligibleMeans(gp, constraints).maxCoeff();
  const double spread =
      std::sqrt((gp.outputs().array() - gp.outputs().mean()).square().mean()) + 1e-12;
  Index improving = -1, unknown = -1;
  double most = std::log(kHopeless * spread);
  for (Index i = 0; i < points.rows(); ++i) {
    if (!(margins.least[i] >= reach)) continue;
    const double ei = std::isfinite(best)
                          ? ComputeLogEi(means[i], std::sqrt(variances[i]), best).value
                          : -INFINITY;
    if (ei > most) {
      most = ei;
      improving = i;
    }
    if (unknown < 0 || margins.unknown[i] > margins.unknown[unknown]) unknown = i;
  }
  if (improving >= 0) return points.row(improving).transpose();
  if (unknown >= 0) return points.row(unknown).transpose();
  Index safest = 0;
  MarginsOf(constraints, gp.inputs()).least.maxCoeff(&safest);
  return gp.inputs().row(safest).transpose();
}

}  // namespace ronchi::agents
