#include "agents/bayes/output_map.h"

#include <algorithm>
#include <cmath>

namespace ronchi::agents {

using Eigen::Index;
using Eigen::VectorXd;

Standardisation StandardisationOf(const std::vector<double>& outputs) {
  if (outputs.empty()) return {};
  // A copy lies where Eigen's own memory does: the order of its sums depends on the alignment.
  const VectorXd y = Eigen::Map<const VectorXd>(outputs.data(), Index(outputs.size()));
  if (y.minCoeff() == y.maxCoeff()) return {.offset = y[0], .scale = 1};
  // By a power of two, which changes no digit, so that neither sums nor squares overflow.
  const double unit = std::exp2(std::ilogb(y.cwiseAbs().maxCoeff()));
  const VectorXd part = y / unit;
  const double offset = part.mean();
  const double scale = std::sqrt((part.array() - offset).square().mean()) * unit;
  return {.offset = offset * unit,
          .scale = scale >= std::numeric_limits<double>::min() ? scale : 1};
}

double Standardised(double output, const Standardisation& s) {
  const double halves = 0.5 * output - 0.5 * s.offset;  // the difference itself may overflow
  return std::clamp(halves / s.scale * 2, -1e8, 1e8);
}

std::span<const double> WarpScales() {
  // Half decades, down to where the best observations of a smooth function lie apart.
  static constexpr double kScales[] = {
      std::numeric_limits<double>::infinity(), 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4};
  return kScales;
}

double LogWarpPrior(size_t k) { return -0.5 * std::pow(double(k) / 3, 2); }

OutputMap::OutputMap(const std::vector<double>& outputs,
                     const std::optional<Standardisation>& known, size_t warp)
    : raw_(known.value_or(StandardisationOf(outputs))), linear_to_(WarpScales()[warp]) {
  top_ = Standardised(*std::max_element(outputs.begin(), outputs.end()), raw_);
  std::vector<double> warped;
  mean_square_slope_ = 0;
  for (const double output : outputs) {
    const double slope = Slope(Standardised(output, raw_));
    log_jacobian_ += std::log(slope);
    mean_square_slope_ += slope * slope / double(outputs.size());
    warped.push_back(Map(output));  // warped_ is the identity as yet
  }
  if (!known) warped_ = StandardisationOf(warped);
  log_jacobian_ -= double(outputs.size()) * std::log(warped_.scale);
  mapped_.resize(Index(outputs.size()));
  for (Index i = 0; i < mapped_.size(); ++i) {
    mapped_[i] = Standardised(warped[size_t(i)], warped_);
  }
}

double OutputMap::Slope(double standardised) const {
  return 1 / (1 + std::max(0.0, top_ - standardised) / linear_to_);
}

double OutputMap::Map(double output) const {
  double y = Standardised(output, raw_);
  if (std::isfinite(linear_to_) && y < top_) y = top_ + linear_to_ * std::log(Slope(y));
  return Standardised(y, warped_);
}

double OutputMap::Output(double mapped) const {
  double y = warped_.offset + warped_.scale * mapped;
  // y = top + s ln(1/(1 + (top − x)/s)).
  if (std::isfinite(linear_to_) && y < top_) {
    y = top_ - linear_to_ * std::expm1((top_ - y) / linear_to_);
  }
  return raw_.offset + raw_.scale * y;
}

double OutputMap::OutputDeviation(double mapped, double deviation) const {
  const double y = Standardised(Output(mapped), raw_);
  const double slope = std::isfinite(linear_to_) ? Slope(y) : 1;
  return deviation * warped_.scale * raw_.scale / slope;
}

double OutputMap::MapVariance(double variance) const {
  return variance / raw_.scale / raw_.scale * mean_square_slope_ / (warped_.scale * warped_.scale);
}

}  // namespace ronchi::agents
