// An environment of less than 0.1 µs a step, or of more when asked, that allocates nothing: a noisy
// walk that ends by itself at a random step or is cut off at the last. For tests and benchmarks of
// what surrounds environments.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/random.h"
#include "env/environment.h"

namespace ronchi::testing_support {

struct CheapOptions {
  int max_episode_steps = 12;
  double end_probability = 0.1;  // of termination, a step
  int draws = 1;                 // of noise in each direction; about 30 ns each
  bool vectors = false;          // the picture is a vector, for who reads no images
  uint64_t fails_at = 0;         // the so-many-th step of its life is an error; 0: none
};

class CheapEnvironment final : public env::Environment {
 public:
  CheapEnvironment(const CheapOptions& options, uint64_t index) : options_(options) {
    spec_.id = "Cheap-v0";
    spec_.summary = "a walk";
    spec_.reward = "minus the distance from the origin";
    spec_.observation_space["position"] = {{2}, -1e3, 1e3, "nm", "where it stands"};
    spec_.observation_space["picture"] = {{2, 3}, -1e3, 1e3, "", "six views of it"};
    if (options.vectors) spec_.observation_space["picture"].shape = {6};
    spec_.action_space = env::VectorBox({-1, -2}, {1, 2}, "nm", "the change");
    spec_.max_episode_steps = options.max_episode_steps;
    spec_.info_names = {"time_s", "walked"};
    spec_.reset_options["start"] = {{}, -5, 5, "nm", "where it begins"};
    state_.index = index;
  }

  const env::Spec& spec() const override { return spec_; }
  std::span<const double> info() const override { return state_.info; }

  absl::Status ResetInto(std::optional<uint64_t> seed, const env::ResetOptions& options,
                         std::span<float> observation) override {
    for (const auto& [name, value] : options) {
      if (name != "start" || !(value >= -5 && value <= 5)) {
        return absl::InvalidArgumentError("reset option " + name);
      }
    }
    if (observation.size() != 8) return absl::InvalidArgumentError("buffer");
    if (seed || !state_.seeded) {
      state_.seed = seed.value_or(0);
      state_.episode = 0;
    } else {
      ++state_.episode;
    }
    state_.seeded = true;
    state_.step = 0;
    state_.phase = 1;
    std::fill(std::begin(state_.info), std::end(state_.info), 0);
    RandomStream stream = Stream();
    const double start = options.empty() ? 0 : options.begin()->second;
    for (double& x : state_.position) x = start + stream.Normal();
    Observe(observation);
    return absl::OkStatus();
  }

  absl::StatusOr<env::Outcome> StepInto(std::span<const float> action,
                                        std::span<float> observation) override {
    if (state_.phase != 1) {
      return absl::FailedPreconditionError(state_.phase ? "after the end" : "before Reset");
    }
    RONCHI_RETURN_IF_ERROR(env::CheckAction(spec_.action_space, action));
    if (observation.size() != 8) return absl::InvalidArgumentError("buffer");
    if (++state_.life == options_.fails_at) return absl::UnavailableError("link lost");
    ++state_.step;
    RandomStream stream = Stream();
    for (size_t i = 0; i < 2; ++i) {
      double noise = 0;
      for (int k = 0; k < options_.draws; ++k) noise += stream.Normal();
      state_.position[i] = std::clamp(state_.position[i] + action[i] + noise, -1e3, 1e3);
    }
    state_.info[0] += 1e-3;
    state_.info[1] += std::abs(action[0]) + std::abs(action[1]);
    env::Outcome outcome{.reward = -std::abs(state_.position[0]) - std::abs(state_.position[1])};
    outcome.terminated = stream.Uniform() < options_.end_probability;
    outcome.truncated = !outcome.terminated && state_.step >= options_.max_episode_steps;
    if (outcome.terminated || outcome.truncated) state_.phase = 2;
    Observe(observation);
    return outcome;
  }

  absl::StatusOr<std::string> Save() const override {
    if (state_.phase == 0) return absl::FailedPreconditionError("before Reset");
    return std::string(reinterpret_cast<const char*>(&state_), sizeof state_);
  }
  absl::Status Restore(const std::string& saved) override {
    State state;
    if (saved.size() != sizeof state) return absl::InvalidArgumentError("no saved walk");
    std::memcpy(static_cast<void*>(&state), saved.data(), sizeof state);
    if (state.index != state_.index) return absl::InvalidArgumentError("another walk's");
    state_ = state;
    return absl::OkStatus();
  }
  absl::StatusOr<Array<uint8_t>> Render() const override {
    Array<uint8_t> picture({12, 16, 3}, 40);
    for (size_t i = 0; i < 3; ++i) picture[i] = uint8_t(state_.step);
    return picture;
  }

 private:
  struct State {
    uint64_t index = 0, seed = 0, episode = 0, life = 0;
    int step = 0, phase = 0;  // phase: 0 before Reset, 1 running, 2 ended
    bool seeded = false;
    double position[2] = {}, info[2] = {};
  };
  RandomStream Stream() const {
    return RandomStream({.seed = state_.seed,
                         .name = "cheap",
                         .environment = state_.index,
                         .episode = state_.episode,
                         .step = uint64_t(state_.step)});
  }
  void Observe(std::span<float> observation) const {
    // "picture" comes before "position".
    for (size_t i = 0; i < 6; ++i) observation[i] = float(state_.position[i % 2] * double(i));
    observation[6] = float(state_.position[0]);
    observation[7] = float(state_.position[1]);
  }

  const CheapOptions options_;
  env::Spec spec_;
  State state_;
};

inline env::EnvironmentFactory CheapFactory(const CheapOptions& options = {}) {
  return [options](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    return std::make_unique<CheapEnvironment>(options, index);
  };
}

}  // namespace ronchi::testing_support
