#include "agents/bayes/thompson.h"

#include "agents/bayes/sobol.h"

namespace ronchi::agents {
namespace {

// The covariance of so many points is factorised in some two milliseconds.
constexpr Eigen::Index kCandidates = 256;

class Thompson : public Acquisition {
 public:
  Eigen::VectorXd Next(const GaussianProcess& gp, const Eigen::MatrixXd& near, const StreamKey& key,
                       const AcquisitionOptions&) const override {
    Eigen::MatrixXd points(kCandidates + near.rows(), Eigen::Index(gp.dimension()));
    points.topRows(kCandidates) = SobolPoints(kCandidates, gp.dimension(), key);
    if (near.rows() > 0) points.bottomRows(near.rows()) = near;
    StreamKey of_draw = key;
    of_draw.name = "agents.gp.thompson";
    RandomStream stream(of_draw);
    Eigen::Index best = 0;
    gp.Draw(points, stream).maxCoeff(&best);
    return points.row(best).transpose();
  }
};

}  // namespace

std::shared_ptr<const Acquisition> MakeThompson() { return std::make_shared<Thompson>(); }

}  // namespace ronchi::agents
