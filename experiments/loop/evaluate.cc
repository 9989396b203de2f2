#include "experiments/loop/evaluate.h"

#include <algorithm>
#include <cmath>

#include "agents/classical/random_policy.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "experiments/loop/trace_rows.h"
#include "experiments/loop/train.h"
#include "experiments/record/trained_policy.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi {
namespace {

absl::StatusOr<Evaluation::Episode> RunEpisode(const Recipe& recipe, uint64_t seed,
                                               agents::Policy* policy) {
  RONCHI_ASSIGN_OR_RETURN(const auto instrument, recipe.open_train(seed));
  TaskPlace place{.randomise = false};
  if (recipe.one_episode) place.max_episode_steps = recipe.tune_steps;
  RONCHI_ASSIGN_OR_RETURN(const auto task, recipe.make_train_task(instrument.get(), place));
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
  const TruthColumns truth(instrument->ground_truth(), task->spec());
  if (const auto ratio = truth.Ratio()) episode.ratio = *ratio;
  return episode;
}

// The random agent of the recipe's task.
absl::StatusOr<std::unique_ptr<agents::Policy>> MakeRandom(const Recipe& recipe) {
  RONCHI_ASSIGN_OR_RETURN(const auto task, TrainingEnvironments(recipe, 0)(0));
  return agents::RandomPolicy::Create(task->spec().action_space);
}

}  // namespace

absl::StatusOr<Evaluation> EvaluatePolicy(const std::string& policy_path, const Recipe& recipe,
                                          int episodes) {
  RONCHI_ASSIGN_OR_RETURN(const auto policy, LoadPolicyFor(recipe.environment, policy_path));
  RONCHI_ASSIGN_OR_RETURN(const auto random, MakeRandom(recipe));
  Evaluation result;
  Progress progress("evaluate", size_t(episodes));
  for (int e = 0; e < episodes && !Interrupted(); ++e) {
    const uint64_t seed = DeriveSeed(recipe.seed, "evaluate/" + std::to_string(e));
    RONCHI_ASSIGN_OR_RETURN(const Evaluation::Episode own, RunEpisode(recipe, seed, policy.get()));
    RONCHI_ASSIGN_OR_RETURN(const Evaluation::Episode floor,
                            RunEpisode(recipe, seed, random.get()));
    result.episodes.push_back(own);
    result.random_episodes.push_back(floor);
    progress.Tick();
  }
  if (result.episodes.empty()) return result;
  result.own = FiguresOf(result.episodes);
  result.random = FiguresOf(result.random_episodes);
  std::vector<double> differences;
  for (size_t e = 0; e < result.episodes.size(); ++e) {
    differences.push_back(result.episodes[e].episode_return -
                          result.random_episodes[e].episode_return);
  }
  const MeanAndError advantage = MeanOf(differences);
  result.advantage = advantage.mean;
  result.advantage_se = advantage.error;
  return result;
}

MeanAndError MeanOf(const std::vector<double>& values) {
  const double n = double(values.size());
  MeanAndError out;
  for (double v : values) out.mean += v / n;
  if (values.size() < 2) return out;
  double squares = 0;
  for (double v : values) squares += (v - out.mean) * (v - out.mean);
  out.error = std::sqrt(squares / (n - 1) / n);
  return out;
}

Evaluation::Figures FiguresOf(const std::vector<Evaluation::Episode>& episodes) {
  Evaluation::Figures f;
  if (episodes.empty()) return f;
  std::vector<double> returns, ratios;
  double successes = 0;
  for (const Evaluation::Episode& e : episodes) {
    returns.push_back(e.episode_return);
    if (!e.ratio) continue;
    ratios.push_back(*e.ratio);
    successes += *e.ratio >= 0.95;
  }
  const MeanAndError mean = MeanOf(returns);
  f.mean_return = mean.mean;
  f.mean_return_se = mean.error;
  f.has_ratio = !ratios.empty();
  if (!f.has_ratio) return f;
  std::sort(ratios.begin(), ratios.end());
  const double n = double(ratios.size());
  const size_t middle = ratios.size() / 2;
  f.median_ratio = ratios.size() % 2 ? ratios[middle] : 0.5 * (ratios[middle - 1] + ratios[middle]);
  // The number of values below the true median is binomial, n/2 ± sqrt(n)/2.
  const double low = std::floor(n / 2 - std::sqrt(n) / 2),
               high = std::ceil(n / 2 + std::sqrt(n) / 2);
  f.median_low = ratios[size_t(std::clamp(low, 0.0, n - 1))];
  f.median_high = ratios[size_t(std::clamp(high - 1, 0.0, n - 1))];
  f.success = successes / n;
  // Of a binomial share by Agresti and Coull (Am. Stat. 52, 119, 1998) at one standard deviation:
  // not zero where all succeed.
  const double share = (successes + 0.5) / (n + 1);
  f.success_se = std::sqrt(share * (1 - share) / (n + 1));
  return f;
}

}  // namespace ronchi
