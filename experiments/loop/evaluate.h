// `ronchi evaluate`: a policy in many episodes, beside other agents in the same ones.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/loop/episode_statistics.h"
#include "experiments/loop/recipe.h"

namespace ronchi {

// What one agent made of one episode.
struct EvaluatedEpisode {
  uint64_t seed = 0;  // as it was given, or the episode's number
  double episode_return = 0;
  double time_s = 0, dose_e_per_A2 = 0;  // of a task that tells them
  int steps = 0;
  // Noise-free contrast at the end over the best attainable, of a task that tunes it.
  std::optional<double> ratio = std::nullopt;
  // The mean of that ratio over the dose, from the first image to the largest dose that any agent
  // has spent in this episode (with its last ratio from its own end on): 1 is the best at once.
  std::optional<double> ratio_over_dose = std::nullopt;
  // After every step, the first image before them: what has been spent and gained so far.
  struct Moment {
    double time_s = 0, dose_e_per_A2 = 0, gained = 0;
    std::optional<double> ratio = std::nullopt;
  };
  std::vector<Moment> course = {};
};

struct EvaluatedAgent {
  std::string name;  // as it was given
  std::vector<EvaluatedEpisode> episodes;

  // Figures with their standard errors over episodes. `median_low` … `median_high` holds the median
  // of all episodes with a probability of about two thirds, as a standard error does a mean; by
  // ranks, so that no distribution is assumed.
  struct Figures {
    double mean_return = 0, mean_return_se = 0;
    Interval interquartile_return;
    double mean_time_s = 0, mean_dose_e_per_A2 = 0, mean_steps = 0;
    bool has_ratio = false;  // the rest: of tasks that have one
    double median_ratio = 0, median_low = 0, median_high = 0;
    double success = 0, success_se = 0;  // share of episodes with ratio >= 0.95
    Interval ratio_over_dose;
  } figures = {};
};
EvaluatedAgent::Figures FiguresOf(const std::vector<EvaluatedEpisode>& episodes);

// The first agent against another, in the same episodes.
struct EvaluatedAgainst {
  double advantage = 0, advantage_se = 0;  // of mean_return, episode by episode
  Interval interquartile;                  // difference of interquartile means
  // The same of what either had gained when both had spent the smaller of their doses, or times.
  Interval at_equal_dose, at_equal_time;
};
EvaluatedAgainst Compare(const EvaluatedAgent& own, const EvaluatedAgent& other);

struct EvaluationOptions {
  std::string policy;
  std::vector<uint64_t> seeds;  // an episode each; empty: `episodes` that follow the recipe's seed
  int episodes = 20;
  std::vector<std::string> against;  // kinds that need no training, or policy files
};
struct Evaluation {
  std::vector<EvaluatedAgent> agents;     // the policy, then what it is held against: random, …
  std::vector<EvaluatedAgainst> against;  // of agents[i + 1]
  Profile returns;                        // of agents
  size_t done() const { return agents.empty() ? 0 : agents[0].episodes.size(); }
};

// Episodes of tune_steps images on twins of the training instrument's prior; an episode has the
// same hidden state for every agent. The random agent is always among them. Ends early, with what
// is whole, when it is interrupted. Errors: those of named_agent.h, of instruments and tasks.
absl::StatusOr<Evaluation> EvaluatePolicy(const EvaluationOptions& options, const Recipe& recipe);

}  // namespace ronchi
