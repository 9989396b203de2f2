#include "agents/bayes/gp_policy.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

using Eigen::VectorXd;

VectorXd ToEigen(const std::vector<double>& v) {
  return Eigen::Map<const VectorXd>(v.data(), Eigen::Index(v.size()));
}
std::vector<double> FromEigen(const VectorXd& v) { return {v.data(), v.data() + v.size()}; }

// Nearer than this part of the range, settings count as the same (they come back as float32).
constexpr double kArrived = 1e-5;

absl::Status CheckOptions(const GpPolicyOptions& options, size_t dimension) {
  if (options.n_initial < 2 || options.budget < options.n_initial) {
    return absl::InvalidArgumentError(
        absl::StrCat("n_initial ", options.n_initial, " and budget ", options.budget,
                     " are not allowed; allowed: 2 <= n_initial <= budget"));
  }
  RONCHI_RETURN_IF_ERROR(CheckGpChoices(options.choices));
  if (options.prior) {
    const GpPrior& prior = *options.prior;
    const Eigen::Index size = Eigen::Index(dimension) + 2;
    if (prior.mean.size() != size || prior.sd.size() != size || !prior.mean.allFinite() ||
        !(prior.sd.array() > 0).all()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the prior needs ", size, " finite means and positive standard deviations"));
    }
  }
  if (options.standardisation && !(options.standardisation->scale > 0)) {
    return absl::InvalidArgumentError(absl::StrCat("output scale ", options.standardisation->scale,
                                                   " is not allowed; allowed: above 0"));
  }
  return absl::OkStatus();
}

}  // namespace

GpPolicy::GpPolicy(KnobTask task, const GpPolicyOptions& options)
    : task_(std::move(task)), options_(options) {
  Reset(0);
}

absl::StatusOr<std::unique_ptr<GpPolicy>> GpPolicy::Create(const env::DictSpace& observation_space,
                                                           const env::Box& action_space,
                                                           const GpPolicyOptions& options) {
  RONCHI_ASSIGN_OR_RETURN(KnobTask task,
                          KnobTask::Create(observation_space, action_space, options.task));
  RONCHI_RETURN_IF_ERROR(CheckOptions(options, task.dimension()));
  return std::unique_ptr<GpPolicy>(new GpPolicy(std::move(task), options));
}

absl::StatusOr<std::unique_ptr<Policy>> GpPolicy::FromJson(const nlohmann::json& json) {
  RONCHI_ASSIGN_OR_RETURN(KnobTask task, KnobTask::FromJson(json.at("task")));
  GpPolicyOptions options;
  options.n_initial = json.at("n_initial").get<size_t>();
  options.budget = json.at("budget").get<size_t>();
  options.choices = GpChoicesOf(json);
  if (json.contains("prior")) {
    const nlohmann::json& prior = json.at("prior");
    options.prior = {.mean = ToEigen(prior.at("mean").get<std::vector<double>>()),
                     .sd = ToEigen(prior.at("sd").get<std::vector<double>>())};
  }
  if (json.contains("standardisation")) {
    const nlohmann::json& s = json.at("standardisation");
    options.standardisation = {.offset = s.at("offset").get<double>(),
                               .scale = s.at("scale").get<double>()};
  }
  RONCHI_RETURN_IF_ERROR(CheckOptions(options, task.dimension()));
  return std::unique_ptr<Policy>(new GpPolicy(std::move(task), options));
}

void GpPolicy::Reset(uint64_t seed) {
  GpOptimizerOptions options;
  options.n_initial = options_.n_initial;
  const Kernel kernel = *MakeKernel(options_.choices.kernel, task_.dimension());
  options.prior = options_.prior.value_or(GpPrior::Broad(kernel));
  options.prior.kernel = kernel;
  options.rule = *MakeAcquisition(options_.choices);
  options.noise_sd = options_.choices.noise_sd;
  options.standardisation = options_.standardisation;
  optimizer_ = std::make_unique<GpOptimizer>(task_.dimension(), std::move(options), seed);
  hold_.reset();
}

absl::StatusOr<std::vector<double>> GpPolicy::Target() {
  if (hold_) return *hold_;
  if (optimizer_->size() >= options_.budget) {
    RONCHI_ASSIGN_OR_RETURN(const VectorXd best, optimizer_->BestMean());
    hold_ = FromEigen(best);
    return *hold_;
  }
  RONCHI_ASSIGN_OR_RETURN(const VectorXd next, optimizer_->Ask());
  return FromEigen(next);
}

absl::StatusOr<Action> GpPolicy::Act(const env::Observation& observation) {
  RONCHI_ASSIGN_OR_RETURN(const KnobTask::Reading reading, task_.Read(observation));
  RONCHI_RETURN_IF_ERROR(optimizer_->Tell(ToEigen(reading.settings),
                                          OnScale(reading.value, options_.choices.log_above)));
  RONCHI_ASSIGN_OR_RETURN(std::vector<double> target, Target());
  if (hold_) {  // exactly zero once there: no chase after rounding
    for (size_t i = 0; i < target.size(); ++i) {
      if (std::abs(target[i] - reading.settings[i]) < kArrived) target[i] = reading.settings[i];
    }
  }
  return task_.Toward(reading.settings, target);
}

nlohmann::json GpPolicy::ToJson() const {
  nlohmann::json json = {
      {"task", task_.ToJson()}, {"n_initial", options_.n_initial}, {"budget", options_.budget}};
  WriteGpChoices(options_.choices, &json);
  if (options_.prior) {
    // [ln length scales …, ln signal variance, ln noise variance], unit cube, standardised outputs
    json["prior"] = {{"mean", FromEigen(options_.prior->mean)},
                     {"sd", FromEigen(options_.prior->sd)}};
  }
  if (options_.standardisation) {
    json["standardisation"] = {{"offset", options_.standardisation->offset},
                               {"scale", options_.standardisation->scale}};
  }
  return json;
}

}  // namespace ronchi::agents
