// How episodes go in environments that step side by side: steps, returns and lengths, and the
// points of a training's curve that they make.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "agents/learner.h"

namespace ronchi::agents {

class EpisodeTally {
 public:
  explicit EpisodeTally(size_t environments) : returns_(environments), lengths_(environments) {}

  void Step(size_t environment, double reward);  // as it was, not scaled
  void End(size_t environment);
  int64_t steps() const { return steps_; }  // of all environments together
  int64_t episodes() const { return episodes_; }
  // Of the episodes that ended since the last call; nullopt when none did.
  std::optional<TrainingPoint> TakePoint();

  // Keys of a checkpoint, beside others. Restore: false: of another number of environments, then
  // nothing has changed; may throw nlohmann::json::exception.
  void SaveInto(nlohmann::json* saved) const;
  bool Restore(const nlohmann::json& saved);

 private:
  std::vector<double> returns_, lengths_;  // of the episodes that run
  int64_t steps_ = 0, episodes_ = 0;
  std::vector<double> ended_returns_, ended_lengths_;
};

}  // namespace ronchi::agents
