// Experience for on-policy learners: the environments of a vector step side by side
// (env/vector_environment.h, SAME_STEP), rewards scaled by the spread of their discounted returns
// (env/wrappers/normalised_vector.h); each has its own memory of the episode. The networks enter
// as two functions.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "agents/features.h"
#include "agents/learner.h"
#include "agents/rl/episode_tally.h"
#include "core/status.h"
#include "env/wrappers/normalised_vector.h"

namespace ronchi::agents {

// What one environment went through since the last Collect, step by step.
struct Track {
  std::vector<float> rows;     // [steps, row_size], normalised, as acted on
  std::vector<float> actions;  // [steps, action_size], −1 … 1 in the box, not clipped; or 0 and 1
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
  // rows [n, row_size]
  using Choose = std::function<absl::StatusOr<Choice>(std::span<const float> rows)>;
  using ValuesOf = std::function<absl::StatusOr<std::vector<float>>(std::span<const float> rows)>;

  // Environments 0 … n − 1 of the factory, all reset with `seed`. `gamma` is for scaling rewards.
  static absl::StatusOr<Rollout> Create(const EnvironmentFactory& make, size_t environments,
                                        double gamma, uint64_t seed);

  // `steps` of every environment; fewer when Interrupted().
  absl::Status Collect(size_t steps, const Choose& choose, const ValuesOf& values_of);

  std::vector<Track> Tracks() const { return tracks_; }
  const FeatureLayout& layout() const { return layout_; }
  const RunningMoments& moments() const { return moments_; }  // of a row's vector part
  const env::Spec& spec() const { return vector_->vector().spec(); }
  const EpisodeTally& tally() const { return tally_; }
  std::optional<TrainingPoint> TakePoint() { return tally_.TakePoint(); }

  // Everything that the next Collect depends on, the environments' states among it; not the tracks.
  // Unimplemented: an environment that cannot be saved. Restore: what a rollout over the same
  // environments gave; may throw nlohmann::json::exception.
  absl::StatusOr<nlohmann::json> Save() const;
  absl::Status Restore(const nlohmann::json& saved);

 private:
  explicit Rollout(FeatureLayout layout, std::unique_ptr<env::NormalisedVector> vector);

  size_t size() const { return memories_.size(); }
  std::span<float> RowOf(size_t i);
  absl::Status Observe(size_t i, std::span<const float> observation);
  absl::Status ObserveAll();
  absl::Status Step(const Choice& choice);
  absl::Status Record(size_t i, const ValuesOf& values_of);
  absl::Status CloseTracks(const ValuesOf& values_of);

  FeatureLayout layout_;
  std::unique_ptr<env::NormalisedVector> vector_;
  RunningMoments moments_;
  std::vector<EpisodeFeatures> memories_;
  std::vector<Track> tracks_;
  std::vector<float> rows_;  // [n, row_size], normalised, to act on next
  EpisodeTally tally_;
};

}  // namespace ronchi::agents
