// Discrete actions: cells in a row, and one of them is the goal. Back, stay, on. The reward is
// minus the distance; ten steps an episode.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/random.h"
#include "env/environment.h"

namespace ronchi::agents {

class CorridorEnvironment final : public env::Environment {
 public:
  static constexpr int kCells = 9, kSteps = 10;

  explicit CorridorEnvironment(uint64_t index) {
    state_.index = index;
    spec_.id = "Corridor";
    spec_.observation_space["goal"] = {{1}, -kCells, kCells, "cells", "from where one stands"};
    spec_.action_space = env::DiscreteBox(3, "back, stay, on");
    spec_.max_episode_steps = kSteps;
  }
  const env::Spec& spec() const override { return spec_; }

  absl::Status ResetInto(std::optional<uint64_t> seed, const env::ResetOptions&,
                         std::span<float> observation) override {
    if (seed) {
      state_.seed = *seed;
      state_.episode = 0;
    } else {
      ++state_.episode;
    }
    RandomStream stream({.seed = state_.seed,
                         .name = "corridor",
                         .environment = state_.index,
                         .episode = state_.episode});
    state_.at = int(stream.Below(kCells));
    state_.goal = int(stream.Below(kCells));
    state_.step = 0;
    observation[0] = float(state_.goal - state_.at);
    return absl::OkStatus();
  }
  absl::StatusOr<env::Outcome> StepInto(std::span<const float> action,
                                        std::span<float> observation) override {
    RONCHI_RETURN_IF_ERROR(env::CheckAction(spec_.action_space, action));
    state_.at = std::clamp(state_.at + int(action[0]) - 1, 0, kCells - 1);
    observation[0] = float(state_.goal - state_.at);
    return env::Outcome{.reward = -std::abs(double(observation[0])),
                        .truncated = ++state_.step >= kSteps};
  }
  std::span<const double> info() const override { return {}; }
  absl::StatusOr<std::string> Save() const override {
    return std::string(reinterpret_cast<const char*>(&state_), sizeof state_);
  }
  absl::Status Restore(const std::string& saved) override {
    if (saved.size() != sizeof state_) return absl::InvalidArgumentError("no saved corridor");
    std::memcpy(static_cast<void*>(&state_), saved.data(), sizeof state_);
    return absl::OkStatus();
  }

 private:
  struct State {
    uint64_t index = 0, seed = 0, episode = 0;
    int at = 0, goal = 0, step = 0, padding = 0;
  };
  env::Spec spec_;
  State state_;
};

inline absl::StatusOr<std::unique_ptr<env::Environment>> MakeCorridor(uint64_t index) {
  return std::make_unique<CorridorEnvironment>(index);
}

}  // namespace ronchi::agents
