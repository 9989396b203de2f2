// What is done to observed values before a Gaussian process sees them: standardisation and, where
// the data ask for it, a monotone warp. Values that fall off over orders of magnitude cannot have
// both their slopes and their top described by one process; the logarithm of the distance from the
// best value so far makes them alike,
//   w(y) = −s ln(1 + (top − y)/s),
// with one parameter s, the distance up to which it is linear: s = ∞ is the identity. The order of
// values, and so the place of a maximum, stays. Which s is decided by the marginal likelihood of
// the values as they were, that is with the Jacobian of the map (Snelson, Rasmussen & Ghahramani,
// NIPS 2003; ours has one parameter where their sums of tanh have many: a dozen observations can
// tell it).
#pragma once

#include <Eigen/Core>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace ronchi::agents {

struct Standardisation {
  double offset = 0, scale = 1;  // standardised = (output − offset) / scale
};
// Mean and standard deviation (1 where the outputs are all the same, or differ by less than the
// least normal double). Any finite outputs.
Standardisation StandardisationOf(const std::vector<double>& outputs);
// Brought within ±1e8, beyond which another standardisation than the data's own resolves nothing.
double Standardised(double output, const Standardisation& s);

// The s that are tried, in standard deviations of the outputs; the first is the identity.
std::span<const double> WarpScales();
// ln of the prior of the k-th scale, up to a constant: half a normal over the half decades by which
// it leaves the identity, of width 3. Without it six observations may ask for the extreme.
double LogWarpPrior(size_t k);

class OutputMap {
 public:
  // Of these outputs, all finite and at least one. A standardisation that is known is used as it
  // is; otherwise both outputs and warped outputs are standardised by their own. `warp` indexes
  // WarpScales().
  OutputMap(const std::vector<double>& outputs, const std::optional<Standardisation>& known,
            size_t warp);
  OutputMap() = default;  // the identity

  double Map(double output) const;
  // The output that is mapped there, and the deviation of outputs there that a small deviation of
  // mapped ones is.
  double Output(double mapped) const;
  double OutputDeviation(double mapped, double deviation) const;
  // [n], of the outputs that it was made of.
  const Eigen::VectorXd& outputs() const { return mapped_; }
  // ln of the product of its slopes at those outputs, per standard deviation of the outputs: what a
  // log density of mapped outputs gains as one of the outputs.
  double LogJacobian() const { return log_jacobian_; }
  // The mean variance of the mapped outputs that a small variance of each output makes.
  double MapVariance(double variance) const;

 private:
  double Slope(double standardised) const;  // of the warp, in (0, 1]

  Standardisation raw_, warped_;
  double top_ = 0;  // standardised
  double linear_to_ = std::numeric_limits<double>::infinity();
  Eigen::VectorXd mapped_;
  double log_jacobian_ = 0, mean_square_slope_ = 1;
};

}  // namespace ronchi::agents
