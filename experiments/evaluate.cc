#include "experiments/evaluate.h"

#include <algorithm>

#include "agents/classical/random_policy.h"
#include "agents/policy_file.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "hw/ground_truth.h"
#include "hw/twin/twin.h"

namespace ronchi {
namespace {

absl::StatusOr<Evaluation::Episode> RunEpisode(const Recipe& recipe, uint64_t seed,
                                               agents::Policy* policy) {
  RONCHI_ASSIGN_OR_RETURN(auto twin, hw::MakeTwin(recipe.train_instrument, seed));
  env::AberrationTuningOptions options = recipe.environment;
  options.max_episode_steps = recipe.tune_steps;
  options.dark_counts = recipe.train_instrument.dark_counts;
  options.randomise = false;
  RONCHI_ASSIGN_OR_RETURN(auto task, env::AberrationTuning::Create(twin.get(), options));
  policy->Reset(DeriveSeed(seed, "evaluate.policy"));
  RONCHI_ASSIGN_OR_RETURN(env::ResetResult reset, task->Reset(seed));
  env::Observation observation = std::move(reset.observation);
  Evaluation::Episode episode;
  for (bool done = false; !done;) {
    RONCHI_ASSIGN_OR_RETURN(const agents::Action action, policy->Act(observation));
    RONCHI_ASSIGN_OR_RETURN(env::StepResult step, task->Step(action));
    episode.episode_return += step.reward;
    done = step.terminated || step.truncated;
    observation = std::move(step.observation);
  }
  const hw::GroundTruth* truth = twin->ground_truth();
  episode.ratio = truth->NoiseFreeContrast() / truth->BestContrast();
  return episode;
}

}  // namespace

absl::StatusOr<Evaluation> EvaluatePolicy(const std::string& policy_path, const Recipe& recipe,
                                          int episodes) {
  RONCHI_ASSIGN_OR_RETURN(const auto policy, agents::LoadPolicy(policy_path));
  RONCHI_ASSIGN_OR_RETURN(
      const auto random,
      agents::RandomPolicy::Create(env::AberrationTuningSpec(recipe.environment).action_space));
  Evaluation result;
  Progress progress("evaluate", size_t(episodes));
  for (int e = 0; e < episodes && !Interrupted(); ++e) {
    const uint64_t seed = DeriveSeed(recipe.seed, "evaluate/" + std::to_string(e));
    RONCHI_ASSIGN_OR_RETURN(const Evaluation::Episode own, RunEpisode(recipe, seed, policy.get()));
    RONCHI_ASSIGN_OR_RETURN(const Evaluation::Episode floor,
                            RunEpisode(recipe, seed, random.get()));
    result.episodes.push_back(own);
    result.mean_return += own.episode_return;
    result.random_mean_return += floor.episode_return;
    result.success += own.ratio >= 0.95 ? 1 : 0;
    progress.Tick();
  }
  if (result.episodes.empty()) return result;
  const double n = double(result.episodes.size());
  result.mean_return /= n;
  result.random_mean_return /= n;
  result.success /= n;
  std::vector<double> ratios;
  for (const Evaluation::Episode& e : result.episodes) ratios.push_back(e.ratio);
  std::nth_element(ratios.begin(), ratios.begin() + long(ratios.size() / 2), ratios.end());
  result.median_ratio = ratios[ratios.size() / 2];
  return result;
}

}  // namespace ronchi
