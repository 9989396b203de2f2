// `ronchi evaluate`: a policy in many episodes of a recipe's environment, beside other agents.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/printable.h"
#include "experiments/command/command_line.h"
#include "experiments/command/seed_list.h"
#include "experiments/loop/evaluate.h"
#include "experiments/loop/run.h"

namespace ronchi {
namespace {

using nlohmann::json;

json PairOf(const Interval& i) { return {i.low, i.high}; }

json ToJson(const EvaluatedAgent& agent, bool seeds) {
  const EvaluatedAgent::Figures& f = agent.figures;
  json episodes = json::array();
  for (const EvaluatedEpisode& e : agent.episodes) {
    episodes.push_back({{seeds ? "seed" : "episode", e.seed},
                        {"return", e.episode_return},
                        {"dose_e_per_A2", e.dose_e_per_A2},
                        {"time_s", e.time_s},
                        {"steps", e.steps}});
    if (e.ratio) episodes.back()["of_best"] = *e.ratio;
    if (e.ratio_over_dose) episodes.back()["of_best_over_dose"] = *e.ratio_over_dose;
  }
  json out = {{"episodes", episodes},
              {"mean_return", f.mean_return},
              {"mean_return_se", f.mean_return_se},
              {"interquartile_mean_return", f.interquartile_return.value},
              {"interquartile_mean_return_interval", PairOf(f.interquartile_return)},
              {"mean_dose_e_per_A2", f.mean_dose_e_per_A2},
              {"mean_time_s", f.mean_time_s},
              {"mean_steps", f.mean_steps}};
  if (f.has_ratio) {
    out["median_of_best"] = f.median_ratio;
    out["median_of_best_interval"] = {f.median_low, f.median_high};
    out["share_at_0.95"] = f.success;
    out["share_at_0.95_se"] = f.success_se;
    out["of_best_over_dose"] = f.ratio_over_dose.value;
    out["of_best_over_dose_interval"] = PairOf(f.ratio_over_dose);
  }
  return out;
}

json ToJson(const EvaluatedAgainst& a) {
  return {{"advantage", a.advantage},
          {"advantage_se", a.advantage_se},
          {"interquartile", a.interquartile.value},
          {"interquartile_interval", PairOf(a.interquartile)},
          {"at_equal_dose", a.at_equal_dose.value},
          {"at_equal_dose_interval", PairOf(a.at_equal_dose)},
          {"at_equal_time", a.at_equal_time.value},
          {"at_equal_time_interval", PairOf(a.at_equal_time)}};
}

json ToJson(const Arguments& a, const std::string& recipe, size_t planned, const Evaluation& e) {
  const bool seeds = !a.seeds.empty();
  json out = ToJson(e.agents[0], seeds);
  out["policy"] = a.target;
  out["recipe"] = recipe;
  out["episodes_planned"] = planned;
  out["return_profile"] = {{"at_least", e.returns.at_least}, {"share", e.returns.share[0]}};
  for (size_t i = 1; i < e.agents.size(); ++i) {
    json other = ToJson(e.agents[i], seeds);
    other["return_profile"] = e.returns.share[i];
    other["policy_is_better_by"] = ToJson(e.against[i - 1]);
    out["against"][e.agents[i].name] = other;
  }
  return out;
}

std::string Text(const Interval& i) {
  return absl::StrFormat("%.2f (%.2f … %.2f)", i.value, i.low, i.high);
}

void Print(const Evaluation& e) {
  std::printf(
      "%zu episodes; means with their standard errors, interquartile means with 95 %% intervals\n",
      e.done());
  for (size_t i = 0; i < e.agents.size(); ++i) {
    const EvaluatedAgent::Figures& f = e.agents[i].figures;
    std::printf("%s\n", Printable(e.agents[i].name).c_str());
    std::printf("  return      %.2f ± %.2f; interquartile %s\n", f.mean_return, f.mean_return_se,
                Text(f.interquartile_return).c_str());
    std::printf("  spent       %.3g e/Å², %.4g s, %.4g steps\n", f.mean_dose_e_per_A2,
                f.mean_time_s, f.mean_steps);
    if (f.has_ratio) {
      std::printf("  at the end  median %.3f (%.3f … %.3f) of the best contrast\n", f.median_ratio,
                  f.median_low, f.median_high);
      std::printf("              %.0f ± %.0f %% of the episodes at 0.95 or more\n", 100 * f.success,
                  100 * f.success_se);
    }
    if (f.has_ratio && f.mean_dose_e_per_A2 > 0) {
      std::printf("  over dose   %.3f (%.3f … %.3f) of the best contrast\n",
                  f.ratio_over_dose.value, f.ratio_over_dose.low, f.ratio_over_dose.high);
    }
    if (i == 0) continue;
    const EvaluatedAgainst& a = e.against[i - 1];
    std::printf("  the policy is better by %.2f ± %.2f in the same episodes; interquartile %s,\n",
                a.advantage, a.advantage_se, Text(a.interquartile).c_str());
    std::printf("              at equal dose %s, at equal time %s\n", Text(a.at_equal_dose).c_str(),
                Text(a.at_equal_time).c_str());
  }
}

}  // namespace

int Evaluate(const Arguments& a) {
  EvaluationOptions options{
      .policy = a.target, .seeds = {}, .episodes = a.episodes, .against = a.against};
  if (!a.seeds.empty()) {
    auto seeds = ParseSeedList(a.seeds);
    if (!seeds.ok()) return Fail(seeds.status());
    options.seeds = *std::move(seeds);
  }
  const size_t planned = options.seeds.empty() ? size_t(a.episodes) : options.seeds.size();
  RunOptions run;
  run.recipe = a.second;
  run.overrides = a.overrides;
  run.seed = a.seed;
  const absl::StatusOr<ResolvedRecipe> resolved = ResolveRecipe(run);
  if (!resolved.ok()) return Fail(resolved.status());
  const absl::StatusOr<Evaluation> result = EvaluatePolicy(options, resolved->recipe);
  if (!result.ok()) return Fail(result.status());
  if (result->done() < planned) {
    (void)Fail(absl::CancelledError(
        absl::StrCat("interrupted after ", result->done(), " of ", planned, " episodes")));
  }
  if (result->done() == 0) return kInterrupted;  // there is no mean of nothing
  if (a.as_json) {
    PrintJson(ToJson(a, resolved->recipe.name, planned, *result));
  } else {
    Print(*result);
  }
  return Finish();
}

}  // namespace ronchi
