// Experience for on-policy learners: several environments step side by side, each with its own
// memory, normalisation and episode. The networks enter as two functions; no libtorch here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "agents/learner.h"
#include "agents/torch/features.h"
#include "core/running_moments.h"
#include "core/status.h"

namespace ronchi::agents {

// What one environment went through since the last Collect, step by step.
struct Track {
  std::vector<float> rows;               // [steps, row_size], normalised, as acted on
  std::vector<float> actions;            // [steps, action_size], −1 … 1 in the box, not clipped
  std::vector<float> log_probabilities;  // [steps]
  std::vector<float> values;             // [steps], of the row acted on
  // [steps], of the row that the step gave: the critic's opinion of the final observation where the
  // episode was truncated, 0 where it terminated.
  std::vector<float> next_values;
  std::vector<float> rewards;               // [steps], scaled
  std::vector<char> terminated, truncated;  // [steps]; both at once counts as terminated
};

class Rollout {
 public:
  struct Choice {
    std::vector<float> actions;            // [n, action_size]
    std::vector<float> log_probabilities;  // [n]
    std::vector<float> values;             // [n]
  };
  using Choose = std::function<Choice(std::vector<float>& rows)>;  // rows [n, row_size]
  using ValueOf = std::function<float(std::vector<float>& row)>;   // row [row_size]

  // Environments 0 … n − 1 of the factory, all reset with `seed`. `gamma` is for scaling rewards.
  static absl::StatusOr<Rollout> Create(const EnvironmentFactory& make, size_t environments,
                                        double gamma, uint64_t seed);

  // `steps` of every environment; fewer when Interrupted(). Environments run in parallel
  // (core/parallel.h); an ended episode restarts at once (Gymnasium's SAME_STEP).
  absl::Status Collect(size_t steps, const Choose& choose, const ValueOf& value_of);

  std::vector<Track> Tracks() const;
  const FeatureLayout& layout() const { return layout_; }
  const RunningMoments& moments() const { return moments_; }  // of a row's vector part
  const env::Spec& spec() const { return workers_[0].environment->spec(); }
  int64_t steps() const { return steps_; }
  int64_t episodes() const { return episodes_; }
  // Of the episodes that ended since the last call; nullopt when none did.
  std::optional<TrainingPoint> TakePoint();

 private:
  struct Worker {
    std::unique_ptr<env::Environment> environment;
    EpisodeFeatures memory;
    std::vector<float> row;  // normalised, to act on next
    Track track;
    double discounted_return = 0, episode_return = 0;
    int64_t episode_steps = 0;
    absl::StatusOr<env::StepResult> step;        // of the round in progress
    absl::StatusOr<env::ResetResult> new_start;  // where that ended the episode
  };
  explicit Rollout(FeatureLayout layout, double gamma)
      : layout_(std::move(layout)), gamma_(gamma), moments_(layout_.vector_size()) {}

  absl::StatusOr<std::vector<float>> Observe(Worker& worker, const env::Observation& observation);
  void Assign(const Choice& choice);
  void StepAll();
  absl::Status Record(Worker& worker, const ValueOf& value_of);
  absl::Status BeginEpisode(Worker& worker);
  float ScaleReward(Worker& worker, double reward);

  FeatureLayout layout_;
  double gamma_;
  RunningMoments moments_, return_moments_{1};
  std::vector<Worker> workers_;
  int64_t steps_ = 0, episodes_ = 0;
  std::vector<double> ended_returns_, ended_lengths_;
};

}  // namespace ronchi::agents
