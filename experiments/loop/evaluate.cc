#include "experiments/loop/evaluate.h"

#include <algorithm>
#include <cmath>

#include "core/interrupt.h"
#include "core/progress.h"
#include "experiments/loop/trace_rows.h"
#include "experiments/loop/train.h"
#include "experiments/record/named_agent.h"
#include "hw/instrument/ground_truth.h"

namespace ronchi {
namespace {

using Episode = EvaluatedEpisode;
using Episodes = std::vector<Episode>;

double InfoOf(const env::Info& info, const char* name) {
  const auto it = info.find(name);
  return it != info.end() ? it->second : 0;
}

absl::StatusOr<Episode> RunEpisode(const Recipe& recipe, uint64_t seed, agents::Policy* policy) {
  RONCHI_ASSIGN_OR_RETURN(const auto instrument, recipe.open_train(seed));
  TaskPlace place{.randomise = false};
  if (recipe.one_episode) place.max_episode_steps = recipe.tune_steps;
  RONCHI_ASSIGN_OR_RETURN(const auto task, recipe.make_train_task(instrument.get(), place));
  policy->Reset(DeriveSeed(seed, "evaluate.policy"));
  RONCHI_ASSIGN_OR_RETURN(env::ResetResult reset, task->Reset(seed));
  env::Observation observation = std::move(reset.observation);
  const TruthColumns truth(instrument->ground_truth(), task->spec());
  Episode episode;
  const auto note = [&](const env::Info& info) {
    episode.time_s = InfoOf(info, "time_s");
    episode.dose_e_per_A2 = InfoOf(info, "dose_e_per_A2");
    episode.ratio = truth.Ratio();
    episode.course.push_back(
        {episode.time_s, episode.dose_e_per_A2, episode.episode_return, episode.ratio});
  };
  note(reset.info);
  for (bool done = false; !done;) {
    RONCHI_ASSIGN_OR_RETURN(const agents::Action action, policy->Act(observation));
    RONCHI_ASSIGN_OR_RETURN(env::StepResult step, task->Step(action));
    episode.episode_return += step.reward;
    ++episode.steps;
    note(step.info);
    done = step.terminated || step.truncated;
    observation = std::move(step.observation);
  }
  return episode;
}

// ∫ ratio d(dose) over [first, last], of a ratio that stands from one image to the next.
std::optional<double> RatioOverDose(const Episode& e, double last) {
  const double first = e.course.front().dose_e_per_A2;
  double sum = 0;
  for (size_t i = 0; i < e.course.size(); ++i) {
    if (!e.course[i].ratio) return std::nullopt;
    const double to = i + 1 < e.course.size() ? e.course[i + 1].dose_e_per_A2 : last;
    sum += *e.course[i].ratio * (to - e.course[i].dose_e_per_A2);
  }
  return last > first ? std::optional(sum / (last - first)) : std::nullopt;
}

// What had been gained when so much had been spent.
double GainedBy(const Episode& e, double Episode::Moment::*spent, double amount) {
  double gained = 0;
  for (const Episode::Moment& m : e.course) {
    if (m.*spent > amount * (1 + 1e-9)) break;
    gained = m.gained;
  }
  return gained;
}

Interval AtEqual(const Episodes& a, const Episodes& b, double Episode::Moment::*spent) {
  std::vector<double> of_a, of_b;
  for (size_t i = 0; i < a.size(); ++i) {
    const double both = std::min(a[i].course.back().*spent, b[i].course.back().*spent);
    of_a.push_back(GainedBy(a[i], spent, both));
    of_b.push_back(GainedBy(b[i], spent, both));
  }
  return DifferenceInterval(of_a, of_b);
}

std::vector<double> Returns(const Episodes& episodes) {
  std::vector<double> out;
  for (const Episode& e : episodes) out.push_back(e.episode_return);
  return out;
}

// One episode of all agents; nothing of it unless it is whole.
absl::Status AddEpisode(const Recipe& recipe, uint64_t seed, uint64_t told,
                        const std::vector<std::unique_ptr<agents::Policy>>& policies,
                        std::vector<EvaluatedAgent>* agents) {
  Episodes all;
  double most = 0;
  for (const auto& policy : policies) {
    RONCHI_ASSIGN_OR_RETURN(Episode e, RunEpisode(recipe, seed, policy.get()));
    e.seed = told;
    most = std::max(most, e.dose_e_per_A2);
    all.push_back(std::move(e));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    all[i].ratio_over_dose = RatioOverDose(all[i], most);
    (*agents)[i].episodes.push_back(std::move(all[i]));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Evaluation> EvaluatePolicy(const EvaluationOptions& o, const Recipe& recipe) {
  std::vector<std::string> names = {o.policy, "random"};
  for (const std::string& name : o.against) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  std::vector<NamedAgent> named;
  for (const std::string& name : names) {
    RONCHI_ASSIGN_OR_RETURN(NamedAgent agent, NamedAgent::Read(name, recipe.environment));
    named.push_back(std::move(agent));
  }
  RONCHI_ASSIGN_OR_RETURN(const auto task, TrainingEnvironments(recipe, 0)(0));
  Evaluation result;
  std::vector<std::unique_ptr<agents::Policy>> policies;
  for (size_t i = 0; i < names.size(); ++i) {
    RONCHI_ASSIGN_OR_RETURN(auto policy, named[i].Make(task->spec(), recipe.agent));
    policies.push_back(std::move(policy));
    result.agents.push_back({.name = names[i], .episodes = {}});
  }
  const size_t episodes = o.seeds.empty() ? size_t(o.episodes) : o.seeds.size();
  Progress progress("evaluate", episodes);
  for (size_t e = 0; e < episodes && !Interrupted(); ++e) {
    const uint64_t seed = o.seeds.empty() ? DeriveSeed(recipe.seed, "evaluate/" + std::to_string(e))
                                          : DeriveSeed(o.seeds[e], "evaluate");
    RONCHI_RETURN_IF_ERROR(
        AddEpisode(recipe, seed, o.seeds.empty() ? e : o.seeds[e], policies, &result.agents));
    progress.Tick();
  }
  std::vector<std::vector<double>> returns;
  for (EvaluatedAgent& agent : result.agents) {
    agent.figures = FiguresOf(agent.episodes);
    returns.push_back(Returns(agent.episodes));
    if (&agent != &result.agents[0]) result.against.push_back(Compare(result.agents[0], agent));
  }
  result.returns = ProfileOf(returns);
  return result;
}

EvaluatedAgainst Compare(const EvaluatedAgent& own, const EvaluatedAgent& other) {
  const std::vector<double> a = Returns(own.episodes), b = Returns(other.episodes);
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  const MeanAndError advantage = MeanOf(differences);
  return {.advantage = advantage.mean,
          .advantage_se = advantage.error,
          .interquartile = DifferenceInterval(a, b),
          .at_equal_dose = AtEqual(own.episodes, other.episodes, &Episode::Moment::dose_e_per_A2),
          .at_equal_time = AtEqual(own.episodes, other.episodes, &Episode::Moment::time_s)};
}

EvaluatedAgent::Figures FiguresOf(const Episodes& episodes) {
  EvaluatedAgent::Figures f;
  if (episodes.empty()) return f;
  std::vector<double> ratios, over_dose;
  double successes = 0;
  for (const Episode& e : episodes) {
    const double n = double(episodes.size());
    f.mean_time_s += e.time_s / n;
    f.mean_dose_e_per_A2 += e.dose_e_per_A2 / n;
    f.mean_steps += e.steps / n;
    if (e.ratio_over_dose) over_dose.push_back(*e.ratio_over_dose);
    if (!e.ratio) continue;
    ratios.push_back(*e.ratio);
    successes += *e.ratio >= 0.95;
  }
  const std::vector<double> returns = Returns(episodes);
  const MeanAndError mean = MeanOf(returns);
  f.mean_return = mean.mean;
  f.mean_return_se = mean.error;
  f.interquartile_return = InterquartileInterval(returns);
  f.ratio_over_dose = InterquartileInterval(over_dose);
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
