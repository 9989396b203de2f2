// Gymnasium's contract (≥ 1.0), in C++: Reset and Step with terminated/truncated, spaces with
// bounds and units. An environment is a task over an hw::Instrument; it cannot see what is hidden.
// Threads: one at a time per environment.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"

namespace ronchi::env {

// A bounded array of real numbers.
struct Box {
  std::vector<size_t> shape;
  float low = 0, high = 0;  // the same for every element
  std::string unit;
  std::string meaning;
  size_t size() const {
    size_t n = 1;
    for (size_t s : shape) n *= s;
    return n;
  }
};
using DictSpace = std::map<std::string, Box>;             // sorted by name
using Observation = std::map<std::string, Array<float>>;  // the same keys and shapes
using Info = std::map<std::string, double>;  // "time_s", "dose_e_per_A2" … cumulative in an episode

struct Spec {
  std::string id;  // "AberrationTuning-v0"
  DictSpace observation_space;
  Box action_space;
  int max_episode_steps = 0;
  double reward_threshold = 0;
  std::string summary;
};

struct ResetResult {
  Observation observation;
  Info info;
};
struct StepResult {
  Observation observation;
  double reward = 0;
  bool terminated = false;
  bool truncated = false;
  Info info;
};

class Environment {
 public:
  virtual ~Environment() = default;
  virtual const Spec& spec() const = 0;
  // A seed starts a new sequence of episodes; without one the sequence goes on (episode + 1).
  virtual absl::StatusOr<ResetResult> Reset(std::optional<uint64_t> seed) = 0;
  // InvalidArgument: wrong size, not finite, or outside the action space.
  // FailedPrecondition: before Reset, or after the end of an episode.
  virtual absl::StatusOr<StepResult> Step(std::span<const float> action) = 0;
};

// InvalidArgument with the reason, when the action does not lie in the space.
absl::Status CheckAction(const Box& space, std::span<const float> action);

}  // namespace ronchi::env
