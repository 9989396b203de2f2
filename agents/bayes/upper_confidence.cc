#include "agents/bayes/upper_confidence.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::agents {
namespace {

class UpperConfidence : public Acquisition {
 public:
  explicit UpperConfidence(double beta) : width_(std::sqrt(beta)) {}
  Eigen::VectorXd Next(const GaussianProcess& gp, const Eigen::MatrixXd& near, const StreamKey& key,
                       const AcquisitionOptions& options) const override {
    const MomentFunction bound = [this](double mean, double sigma) {
      return OfMoments{.value = mean + width_ * sigma, .d_mean = 1, .d_sigma = width_};
    };
    return MaximizeOfMoments(gp, bound, near, key, options);
  }

 private:
  const double width_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const Acquisition>> MakeUpperConfidence(double beta) {
  if (!(beta >= 0) || !std::isfinite(beta)) {
    return absl::InvalidArgumentError(
        absl::StrCat("beta ", beta, " is not allowed; allowed: 0 and above"));
  }
  return std::make_shared<const UpperConfidence>(beta);
}

}  // namespace ronchi::agents
