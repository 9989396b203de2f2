// Gymnasium's contract (≥ 1.0), in C++: Reset and Step with terminated/truncated, spaces with
// bounds and units. An environment is a task over an hw::Instrument; it cannot see what is hidden.
//
// The spec comes first, and buffers follow from it (as in EnvPool): an observation is one run of
// floats, the entries of the observation space one after the other in the order of their names,
// each row-major; info is one run of doubles. ResetInto and StepInto fill such buffers and
// allocate nothing of their own; Reset and Step are the same for people.
// Threads: one at a time per environment.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"
#include "env/space.h"

namespace ronchi::env {

using Observation = std::map<std::string, Array<float>>;  // keys and shapes of the space
using Info = std::map<std::string, double>;  // "time_s", "dose_e_per_A2" … cumulative in an episode
// Numbers by name that one episode is to have: Spec::reset_options lists what can be asked for.
using ResetOptions = std::map<std::string, double>;

struct Spec {
  std::string id;  // "AberrationTuning-v1"
  DictSpace observation_space;
  Box action_space;
  int max_episode_steps = 0;
  double reward_threshold = 0;  // mean return at which the task counts as solved; 0: none is known
  std::string summary;
  std::string reward;                   // what the reward is, in a line
  std::vector<std::string> info_names;  // what info() holds
  DictSpace reset_options;              // each a Box of shape {}: bounds, unit, meaning
  bool needs_ground_truth = false;      // refused on an instrument that has none
  // The figure of merit that a simulation can tell of it, and as "best_<figure>" the best
  // attainable (hw::GroundTruth::Figure), for reports and evaluation; empty: none.
  std::string figure;

  size_t observation_size() const;                // floats
  size_t Offset(const std::string& entry) const;  // of an entry in the run of floats
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
struct Outcome {
  double reward = 0;
  bool terminated = false;
  bool truncated = false;
};

class Environment {
 public:
  virtual ~Environment() = default;
  virtual const Spec& spec() const = 0;
  // A seed starts a new sequence of episodes; without one the sequence goes on (episode + 1), and
  // that of an environment which has never had a seed starts with seed 0.
  // InvalidArgument: an option that is unknown or out of bounds, or a buffer of the wrong size.
  virtual absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                                 std::span<float> observation) = 0;
  // InvalidArgument: wrong size, not finite, or outside the action space: nothing has happened.
  // FailedPrecondition: before Reset, or after the end of an episode.
  virtual absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                           std::span<float> observation) = 0;
  // The present values of spec().info_names.
  virtual std::span<const double> info() const = 0;

  // Everything that the rest of the episode and those to come depend on, the simulated instrument's
  // state with it; Restore in another environment of the same kind and options goes on to the same
  // bits; after an error everything is as it was. Unimplemented: an instrument that is no
  // simulation. FailedPrecondition: before Reset.
  virtual absl::StatusOr<std::string> Save() const;
  virtual absl::Status Restore(const std::string& saved);
  // Of a task with knobs: moves the origin of its settings, and the instrument with it, by so much
  // of each of the first knobs, in their unit. After theory has found that the optimum has moved,
  // an agent's experience holds again without its noticing. Unimplemented: a task without knobs.
  // InvalidArgument: more numbers than there are knobs.
  virtual absl::Status ShiftOrigin(std::span<const double> change);
  // What a person would like to see now, [height, width, 3], RGB. Never spends dose.
  virtual absl::StatusOr<Array<uint8_t>> Render() const;

  absl::StatusOr<ResetResult> Reset(std::optional<uint64_t> seed, const ResetOptions& options = {});
  absl::StatusOr<StepResult> Step(std::span<const float> action);
  Info InfoByName() const;
};

// Environment number `index` of a vector; its random streams depend on the index.
using EnvironmentFactory =
    std::function<absl::StatusOr<std::unique_ptr<Environment>>(uint64_t index)>;

// Between a run of floats and arrays by name.
Observation Unflatten(const DictSpace& space, std::span<const float> flat);

}  // namespace ronchi::env
