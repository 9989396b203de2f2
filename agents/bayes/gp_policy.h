// Policy "gp": Bayesian optimisation of an observed value over settings. It looks at the present
// point, at a Sobol design, then where its acquisition says (the maxima of log expected
// improvement, unless another is chosen) until its budget of images is spent; then it goes to the
// maximum of the posterior mean over the whole box, and holds. What it records are the settings
// that the observation reports, not those it asked for.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "agents/bayes/gp_choices.h"
#include "agents/bayes/gp_optimizer.h"
#include "agents/knob_task.h"
#include "agents/policy.h"

namespace ronchi::agents {

struct GpPolicyOptions {
  KnobTaskOptions task = {};
  size_t n_initial = 8;  // images before the model is asked, the present point among them
  size_t budget = 40;    // images before it goes to its best estimate and holds; >= n_initial
  GpChoices choices = {};
  // From training (agents/bayes/gp_learner.h), of the kernel that is chosen; without them, broad
  // priors and standardisation by the episode's own data.
  std::optional<GpPrior> prior = {};
  std::optional<Standardisation> standardisation = {};
};

class GpPolicy : public Policy {
 public:
  // InvalidArgument: not a task of this kind (see KnobTask), n_initial < 2, budget < n_initial,
  // choices that there are not, or a prior of another dimension.
  static absl::StatusOr<std::unique_ptr<GpPolicy>> Create(const env::DictSpace& observation_space,
                                                          const env::Box& action_space,
                                                          const GpPolicyOptions& options = {});
  static absl::StatusOr<std::unique_ptr<Policy>> FromJson(const nlohmann::json& json);

  std::string kind() const override { return "gp"; }
  void Reset(uint64_t seed) override;
  absl::StatusOr<Action> Act(const env::Observation& observation) override;
  nlohmann::json ToJson() const override;

  // The episode so far.
  const GpOptimizer& optimizer() const { return *optimizer_; }
  bool holding() const { return hold_.has_value(); }
  const GpPolicyOptions& options() const { return options_; }

 private:
  GpPolicy(KnobTask task, const GpPolicyOptions& options);
  absl::StatusOr<std::vector<double>> Target();

  const KnobTask task_;
  const GpPolicyOptions options_;
  std::unique_ptr<GpOptimizer> optimizer_;
  std::optional<std::vector<double>> hold_;  // unit cube
};

}  // namespace ronchi::agents
