#include "agents/bayes/expected_improvement.h"

#include "agents/bayes/log_ei.h"

namespace ronchi::agents {
namespace {

class ExpectedImprovement : public Acquisition {
 public:
  Eigen::VectorXd Next(const GaussianProcess& gp, const Eigen::MatrixXd& near, const StreamKey& key,
                       const AcquisitionOptions& options) const override {
    Eigen::VectorXd means;
    gp.PredictMany(gp.inputs(), &means, nullptr);
    const double best = means.maxCoeff();
    const MomentFunction log_ei = [best](double mean, double sigma) {
      const LogEi ei = ComputeLogEi(mean, sigma, best);
      return OfMoments{.value = ei.value, .d_mean = ei.d_mean, .d_sigma = ei.d_sigma};
    };
    return MaximizeOfMoments(gp, log_ei, near, key, options);
  }
};

}  // namespace

std::shared_ptr<const Acquisition> MakeExpectedImprovement() {
  return std::make_shared<ExpectedImprovement>();
}

}  // namespace ronchi::agents
