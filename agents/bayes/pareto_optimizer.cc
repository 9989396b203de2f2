#include "agents/bayes/pareto_optimizer.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "agents/bayes/log_ehvi.h"

namespace ronchi::agents {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

// The boxes in the outputs that the processes see, and their acquisition at many points or one.
class EhviOfProcesses {
 public:
  EhviOfProcesses(std::vector<GpOptimizer::Model> models, const VectorXd& reference)
      : models_(std::move(models)) {
    const Index m = Index(models_.size());
    VectorXd mapped(m);
    MatrixXd means(Index(models_[0].gp->size()), m);
    for (Index k = 0; k < m; ++k) {
      const GpOptimizer::Model& model = models_[size_t(k)];
      mapped[k] = model.map->Map(reference[k]);
      VectorXd column;
      model.gp->PredictMany(model.gp->inputs(), &column, nullptr);
      means.col(k) = column;
    }
    front_ = ParetoFront(means, mapped);
    boxes_ = NonDominatedBoxes(means, mapped);
  }

  // Told points whose means are best.
  const std::vector<size_t>& front() const { return front_; }

  VectorXd Many(const MatrixXd& points) const {
    MatrixXd means(points.rows(), Index(models_.size())), sigmas(points.rows(), means.cols());
    for (Index k = 0; k < means.cols(); ++k) {
      VectorXd mean, variance;
      models_[size_t(k)].gp->PredictMany(points, &mean, &variance);
      means.col(k) = mean;
      sigmas.col(k) = variance.cwiseSqrt();
    }
    VectorXd out(points.rows());
    for (Index i = 0; i < out.size(); ++i) {
      out[i] = ComputeLogEhvi(boxes_, means.row(i).transpose(), sigmas.row(i).transpose()).value;
    }
    return out;
  }

  double One(const VectorXd& x, VectorXd* gradient) const {
    std::vector<GpPredictionWithGradient> at;
    VectorXd mean(Index(models_.size())), sigma(mean.size());
    for (Index k = 0; k < mean.size(); ++k) {
      at.push_back(models_[size_t(k)].gp->PredictWithGradient(x));
      mean[k] = at.back().value.mean;
      sigma[k] = std::sqrt(at.back().value.variance);
    }
    const LogEhvi e = ComputeLogEhvi(boxes_, mean, sigma);
    gradient->setZero(x.size());
    for (Index k = 0; k < mean.size(); ++k) {
      *gradient += e.d_mean[k] * at[size_t(k)].mean_gradient +
                   e.d_sigma[k] / (2 * sigma[k]) * at[size_t(k)].variance_gradient;
    }
    return e.value;
  }

 private:
  const std::vector<GpOptimizer::Model> models_;
  std::vector<size_t> front_;
  std::vector<ObjectiveBox> boxes_;
};

}  // namespace

absl::StatusOr<ParetoOptimizer> ParetoOptimizer::Create(size_t dimension, const VectorXd& reference,
                                                        const GpOptimizerOptions& options,
                                                        uint64_t seed) {
  if ((reference.size() != 2 && reference.size() != 3) || !reference.allFinite()) {
    return absl::InvalidArgumentError(absl::StrCat("a reference point of ", reference.size(),
                                                   " objectives; allowed: 2 or 3 finite numbers"));
  }
  ParetoOptimizer out;
  out.dimension_ = dimension;
  out.seed_ = seed;
  out.acquisition_ = options.acquisition;
  out.reference_ = reference;
  out.values_.resize(0, reference.size());
  GpOptimizerOptions each = options;
  each.warp = false;
  for (Index k = 0; k < reference.size(); ++k) out.objectives_.emplace_back(dimension, each, seed);
  return out;
}

absl::Status ParetoOptimizer::Tell(const VectorXd& x, std::span<const double> values) {
  if (values.size() != objectives_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(values.size(), " values of ", objectives_.size(), " objectives"));
  }
  for (const double value : values) {
    if (std::isfinite(value)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("an observed value of ", value, " is not allowed; allowed: finite numbers"));
  }
  // All or none: what one takes of x the others take.
  for (size_t k = 0; k < values.size(); ++k) {
    RONCHI_RETURN_IF_ERROR(objectives_[k].Tell(x, values[k]));
  }
  values_.conservativeResize(values_.rows() + 1, Eigen::NoChange);
  values_.row(values_.rows() - 1) =
      Eigen::Map<const Eigen::RowVectorXd>(values.data(), Index(values.size()));
  return absl::OkStatus();
}

// A front grows at its members.
MatrixXd ParetoOptimizer::NearFront(const std::vector<size_t>& front) const {
  const MatrixXd inputs = objectives_[0].Inputs();
  MatrixXd members(Index(front.size()), Index(dimension_));
  for (size_t i = 0; i < front.size(); ++i) members.row(Index(i)) = inputs.row(Index(front[i]));
  return PointsAbout(members, {.seed = seed_, .name = "agents.pareto.near_front", .step = size()});
}

absl::StatusOr<VectorXd> ParetoOptimizer::Ask() {
  if (objectives_[0].InDesign()) return objectives_[0].Ask();
  std::vector<GpOptimizer::Model> models;
  for (GpOptimizer& objective : objectives_) {
    RONCHI_ASSIGN_OR_RETURN(const GpOptimizer::Model model, objective.Fitted());
    models.push_back(model);
  }
  const EhviOfProcesses ehvi(std::move(models), reference_);
  return MaximizeOverCube(
             [&](const MatrixXd& points) { return ehvi.Many(points); },
             [&](const VectorXd& x, VectorXd* gradient) { return ehvi.One(x, gradient); },
             dimension_, NearFront(ehvi.front()),
             {.seed = seed_, .name = "agents.pareto.acquisition", .step = size()}, acquisition_)
      .x;
}

}  // namespace ronchi::agents
