// Experience for off-policy learners: the environments of a vector step side by side
// (env/vector_environment.h, SAME_STEP), each with its own memory of the episode, and what they go
// through is added to a replay. Rewards and rows are as they are; images are
// not looked at.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "agents/features.h"
#include "agents/learner.h"
#include "agents/rl/episode_tally.h"
#include "agents/rl/replay.h"
#include "core/status.h"
#include "env/vector_environment.h"

namespace ronchi::agents {

class Collector {
 public:
  // Environments 0 … n − 1 of the factory, all reset with `seed`. InvalidArgument: no observation
  // is a number or a vector.
  static absl::StatusOr<Collector> Create(const EnvironmentFactory& make, size_t environments,
                                          uint64_t seed);

  std::span<const float> rows() const { return rows_; }  // [n, row_size], to act on next
  // One step of every environment. unit_actions [n, action_size]: −1 … 1 in the box, or of choices
  // numbers whose largest is taken. The replay has the row's action as the next row has it.
  absl::Status Step(std::span<const float> unit_actions, double gamma, ReplayBuffer* replay);

  const FeatureLayout& layout() const { return layout_; }
  const env::Spec& spec() const { return vector_->spec(); }
  const env::DictSpace& seen() const { return seen_; }  // of the observations, what rows hold
  size_t environments() const { return memories_.size(); }
  const EpisodeTally& tally() const { return tally_; }
  std::optional<TrainingPoint> TakePoint() { return tally_.TakePoint(); }

  // Everything that the next Step depends on. Unimplemented: an environment that cannot be saved.
  // Restore: what one over the same environments gave; may throw nlohmann::json::exception.
  absl::StatusOr<nlohmann::json> Save() const;
  absl::Status Restore(const nlohmann::json& saved);

 private:
  Collector(const env::DictSpace& seen, FeatureLayout layout,
            std::unique_ptr<env::VectorEnvironment> vector);
  absl::Status Observe(size_t i, std::span<const float> observation, std::span<float> row);
  absl::Status Record(size_t i, double gamma, ReplayBuffer* replay);
  std::span<float> RowOf(size_t i);

  env::DictSpace seen_;
  FeatureLayout layout_;
  std::unique_ptr<env::VectorEnvironment> vector_;
  std::vector<EpisodeFeatures> memories_;
  std::vector<float> rows_, next_row_;
  std::vector<float> taken_;  // [n, action_size], as the memories have them
  EpisodeTally tally_;
};

}  // namespace ronchi::agents
