#include "experiments/agent_factory.h"

#include "absl/strings/str_cat.h"
#include "agents/bayes/gp_learner.h"
#include "agents/classical/nelder_mead_policy.h"
#include "agents/classical/random_policy.h"
#include "agents/torch/backend.h"
#include "core/progress.h"
#include "env/wrapper.h"
#include "hw/twin/column/column_twin.h"

namespace ronchi {
namespace {

// PPO learns after whole rounds of images alone.
void SayRounding(const agents::PpoOptions& options) {
  const int64_t trained = agents::TrainedSteps(options);
  if (trained == options.total_steps) return;
  Progress::Say(absl::StrCat("ppo: learns in rounds of ",
                             options.rollout_steps * options.environments, " images; ",
                             options.total_steps, " were asked for, ", trained, " are taken"));
}

}  // namespace

agents::EnvironmentFactory TwinEnvironments(const hw::TwinOptions& instrument,
                                            const env::AberrationTuningOptions& options,
                                            uint64_t seed) {
  return [=](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    RONCHI_ASSIGN_OR_RETURN(auto twin, hw::MakeTwin(instrument, seed));
    env::AberrationTuningOptions own = options;
    own.environment = index;
    own.dark_counts = instrument.dark_counts;
    RONCHI_ASSIGN_OR_RETURN(auto task, env::AberrationTuning::Create(twin.get(), own));
    return std::unique_ptr<env::Environment>(
        std::make_unique<env::Mounted>(std::move(twin), std::move(task)));
  };
}

absl::StatusOr<agents::Trained> TrainAgent(const Recipe& recipe) {
  const AgentOptions& a = recipe.agent;
  const env::Spec spec = env::AberrationTuningSpec(recipe.environment);
  if (a.kind == "random") {
    RONCHI_ASSIGN_OR_RETURN(auto policy, agents::RandomPolicy::Create(spec.action_space));
    return agents::Trained{std::move(policy), {}};
  }
  if (a.kind == "nelder_mead") {
    RONCHI_ASSIGN_OR_RETURN(
        auto policy, agents::NelderMeadPolicy::Create(spec.observation_space, spec.action_space));
    return agents::Trained{std::move(policy), {}};
  }
  const uint64_t seed = DeriveSeed(recipe.seed, "train");
  const auto make = TwinEnvironments(recipe.train_instrument, recipe.environment, seed);
  if (a.kind == "ppo") {
    RONCHI_ASSIGN_OR_RETURN(const agents::TorchBackend* torch, agents::LoadTorchBackend());
    const agents::PpoOptions options{.total_steps = a.train_steps};
    SayRounding(options);
    return torch->make_ppo_learner(options)->Train(make, seed);
  }
  agents::GpLearnerOptions options;
  options.episodes = size_t(a.train_episodes);
  options.policy.n_initial = size_t(a.n_initial);
  options.policy.budget = size_t(a.budget);
  return agents::MakeGpLearner(options)->Train(make, seed);
}

}  // namespace ronchi
