#include "agents/bayes/log_ehvi.h"

#include <algorithm>
#include <cmath>

#include "agents/bayes/log_ei.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::VectorXd;

namespace {

// Below it the two ends of a side are so near that their difference is a derivative: either way
// loses no more than 1e-9.
constexpr double kNarrow = 1e-4;

// ln E[(min(y, high) − low)⁺].
LogEi LogSide(double mean, double sigma, double low, double high) {
  const LogEi open = ComputeLogEi(mean, sigma, low);
  if (std::isinf(high)) return open;
  const double z_low = (mean - low) / sigma, z_high = (mean - high) / sigma;
  if ((z_low - z_high) * (1 + std::abs(z_low)) < kNarrow) {
    const double z = (z_low + z_high) / 2;
    const LogPhi phi = ComputeLogPhi(z);
    return {.value = std::log(high - low) + phi.value,
            .d_mean = phi.derivative / sigma,
            .d_sigma = -z * phi.derivative / sigma};
  }
  const LogEi beyond = ComputeLogEi(mean, sigma, high);
  const double ratio = std::exp(beyond.value - open.value),
               kept = -std::expm1(beyond.value - open.value);
  return {.value = open.value + std::log(kept),
          .d_mean = (open.d_mean - ratio * beyond.d_mean) / kept,
          .d_sigma = (open.d_sigma - ratio * beyond.d_sigma) / kept};
}

}  // namespace

LogEhvi ComputeLogEhvi(const std::vector<ObjectiveBox>& boxes, const VectorXd& mean,
                       const VectorXd& sigma) {
  const Index m = mean.size(), n = Index(boxes.size());
  VectorXd logs = VectorXd::Zero(n);
  Eigen::MatrixXd d_mean(m, n), d_sigma(m, n);
  for (Index i = 0; i < n; ++i) {
    for (Index k = 0; k < m; ++k) {
      const ObjectiveBox& box = boxes[size_t(i)];
      const LogEi side = LogSide(mean[k], sigma[k], box.low[k], box.high[k]);
      logs[i] += side.value;
      d_mean(k, i) = side.d_mean;
      d_sigma(k, i) = side.d_sigma;
    }
  }
  const double most = logs.maxCoeff();
  const VectorXd weights = (logs.array() - most).exp();
  const double sum = weights.sum();
  return {.value = most + std::log(sum),
          .d_mean = d_mean * weights / sum,
          .d_sigma = d_sigma * weights / sum};
}

}  // namespace ronchi::agents
