// The classic tasks of reinforcement learning with the constants of Gymnasium's CartPole-v1,
// Acrobot-v1, Pendulum-v1 and MountainCarContinuous-v0, to compare learners with what is published
// of others. tests/interop/check_classic_tasks.py steps them beside Gymnasium's own.
//
// A step that terminates is never truncated as well. The options of Reset are the numbers of the
// state, all of them or none: an episode begins there instead of at random.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <numbers>

#include "core/random.h"
#include "env/environment.h"

namespace ronchi::testing_support {

using Numbers4 = std::array<double, 4>;

// What the four have in common: seeds, ends, checks, saving. A task has
//   void Describe(env::Spec*), the state's names among it as reset_options;
//   void Begin(RandomStream&), which sets state();
//   env::Outcome Move(float action), which changes state() and knows nothing of truncation;
//   void Observe(std::span<float>) const.
template <class Task>
class ClassicTask : public env::Environment {
 public:
  explicit ClassicTask(uint64_t index) {
    std::memset(static_cast<void*>(&saved_), 0, sizeof saved_);  // padding, too: it is saved
    saved_.index = index;
    Task::Describe(&spec_);
    for (const auto& [name, box] : spec_.reset_options) spec_.info_names.push_back(name);
  }
  const env::Spec& spec() const override { return spec_; }
  // The state's numbers, in the order of the reset options' names.
  std::span<const double> info() const override {
    return std::span(saved_.state).first(spec_.info_names.size());
  }

  absl::Status ResetInto(std::optional<uint64_t> seed, const env::ResetOptions& options,
                         std::span<float> observation) override {
    if (observation.size() != spec_.observation_size()) {
      return absl::InvalidArgumentError("a buffer of another size");
    }
    RONCHI_RETURN_IF_ERROR(CheckOptions(options));
    if (seed || saved_.phase == 0) {
      saved_.seed = seed.value_or(0);
      saved_.episode = 0;
    } else {
      ++saved_.episode;
    }
    saved_.phase = 1;
    saved_.step = 0;
    RandomStream stream({.seed = saved_.seed,
                         .name = spec_.id,
                         .environment = saved_.index,
                         .episode = saved_.episode});
    task().Begin(stream);
    size_t i = 0;
    for (const auto& [name, box] : spec_.reset_options) {
      if (!options.empty()) state()[i] = options.at(name);
      ++i;
    }
    task().Observe(observation);
    return absl::OkStatus();
  }

  absl::StatusOr<env::Outcome> StepInto(std::span<const float> action,
                                        std::span<float> observation) override {
    if (saved_.phase != 1) {
      return absl::FailedPreconditionError(saved_.phase == 0 ? "before Reset" : "after the end");
    }
    RONCHI_RETURN_IF_ERROR(env::CheckAction(spec_.action_space, action));
    if (observation.size() != spec_.observation_size()) {
      return absl::InvalidArgumentError("a buffer of another size");
    }
    env::Outcome outcome = task().Move(action[0]);
    outcome.truncated = ++saved_.step >= spec_.max_episode_steps && !outcome.terminated;
    if (outcome.terminated || outcome.truncated) saved_.phase = 2;
    task().Observe(observation);
    return outcome;
  }

  absl::StatusOr<std::string> Save() const override {
    if (saved_.phase == 0) return absl::FailedPreconditionError("before Reset");
    return std::string(reinterpret_cast<const char*>(&saved_), sizeof saved_);
  }
  absl::Status Restore(const std::string& bytes) override {
    Saved saved;
    if (bytes.size() != sizeof saved) return absl::InvalidArgumentError("no saved " + spec_.id);
    std::memcpy(static_cast<void*>(&saved), bytes.data(), sizeof saved);
    if (saved.index != saved_.index) return absl::InvalidArgumentError("another environment's");
    saved_ = saved;
    return absl::OkStatus();
  }

 protected:
  Numbers4& state() { return saved_.state; }
  const Numbers4& state() const { return saved_.state; }
  static void Range(env::Spec* spec, const char* name, double limit, const char* unit) {
    spec->reset_options[name] = {{}, float(-limit), float(limit), unit, "of the beginning"};
  }

 private:
  struct Saved {
    uint64_t index, seed, episode;
    int step, phase;  // phase: 0 before Reset, 1 running, 2 ended
    Numbers4 state;
  };
  Task& task() { return static_cast<Task&>(*this); }
  absl::Status CheckOptions(const env::ResetOptions& options) const {
    if (!options.empty() && options.size() != spec_.reset_options.size()) {
      return absl::InvalidArgumentError("a start is the whole state");
    }
    for (const auto& [name, value] : options) {
      const auto known = spec_.reset_options.find(name);
      if (known == spec_.reset_options.end() || !(value >= known->second.low) ||
          !(value <= known->second.high)) {
        return absl::InvalidArgumentError("reset option " + name);
      }
    }
    return absl::OkStatus();
  }

  env::Spec spec_;
  Saved saved_;
};

// Barto, Sutton & Anderson, IEEE Trans. SMC 13, 834 (1983). State: angle, its rate, x, speed.
class CartPoleTask final : public ClassicTask<CartPoleTask> {
 public:
  using ClassicTask::ClassicTask;
  static void Describe(env::Spec* spec) {
    spec->id = "CartPole-v1";
    spec->observation_space["state"] = env::VectorBox(
        {-4.8f, -1e6f, -0.4189f, -1e6f}, {4.8f, 1e6f, 0.4189f, 1e6f}, "", "x, dx/dt, angle, rate");
    spec->action_space = env::DiscreteBox(2, "push to the left, push to the right");
    spec->max_episode_steps = 500;
    spec->reward_threshold = 475;
    Range(spec, "angle", 0.4, "rad");
    Range(spec, "rate", 10, "rad/s");
    Range(spec, "x", 4.8, "m");
    Range(spec, "x_speed", 10, "m/s");
  }
  void Begin(RandomStream& stream) {
    for (size_t i : {2, 3, 0, 1}) state()[i] = stream.Uniform(-0.05, 0.05);
  }
  env::Outcome Move(float action) {
    constexpr double kGravity = 9.8, kCart = 1, kPole = 0.1, kHalfLength = 0.5, kPush = 10;
    constexpr double kTime = 0.02, kTotal = kCart + kPole;
    auto& [angle, rate, x, speed] = state();
    const double c = std::cos(angle), s = std::sin(angle);
    const double push = action > 0.5f ? kPush : -kPush;
    const double t = (push + kPole * kHalfLength * rate * rate * s) / kTotal;
    const double turn = (kGravity * s - c * t) / (kHalfLength * (4.0 / 3 - kPole * c * c / kTotal));
    const double acceleration = t - kPole * kHalfLength * turn * c / kTotal;
    x += kTime * speed;
    speed += kTime * acceleration;
    angle += kTime * rate;
    rate += kTime * turn;
    return {.reward = 1,
            .terminated = std::abs(x) > 2.4 || std::abs(angle) > 12 * std::numbers::pi / 180};
  }
  void Observe(std::span<float> observation) const {
    for (size_t i = 0; i < 4; ++i) observation[i] = float(state()[(i + 2) % 4]);
  }
};

// Sutton, NeurIPS 8 (1996), by the equations of Sutton & Barto's book (11.3 of the first edition).
// State: angle of the first link, of the second to the first, and their rates.
class AcrobotTask final : public ClassicTask<AcrobotTask> {
 public:
  using ClassicTask::ClassicTask;
  static constexpr double kPi = std::numbers::pi;
  static void Describe(env::Spec* spec) {
    spec->id = "Acrobot-v1";
    const float one = float(4 * kPi), two = float(9 * kPi);
    spec->observation_space["state"] =
        env::VectorBox({-1, -1, -1, -1, -one, -two}, {1, 1, 1, 1, one, two}, "",
                       "cosine and sine of both angles, their rates");
    spec->action_space = env::DiscreteBox(3, "torque of -1, 0 and 1 N m");
    spec->max_episode_steps = 500;
    spec->reward_threshold = -100;
    Range(spec, "angle_1", kPi, "rad");
    Range(spec, "angle_2", kPi, "rad");
    Range(spec, "rate_1", 4 * kPi, "rad/s");
    Range(spec, "rate_2", 9 * kPi, "rad/s");
  }
  void Begin(RandomStream& stream) {
    for (double& s : state()) s = float(stream.Uniform(-0.1, 0.1));
  }
  env::Outcome Move(float action) {
    constexpr double kTime = 0.2;
    const double torque = action - 1;
    const Numbers4 k1 = Slope(state(), torque);  // Runge and Kutta's fourth order
    const Numbers4 k2 = Slope(Along(k1, kTime / 2), torque);
    const Numbers4 k3 = Slope(Along(k2, kTime / 2), torque);
    const Numbers4 k4 = Slope(Along(k3, kTime), torque);
    for (size_t i = 0; i < 4; ++i) {
      state()[i] += kTime / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    }
    for (size_t i : {0, 1}) {
      while (state()[i] > kPi) state()[i] -= 2 * kPi;
      while (state()[i] < -kPi) state()[i] += 2 * kPi;
    }
    state()[2] = std::clamp(state()[2], -4 * kPi, 4 * kPi);
    state()[3] = std::clamp(state()[3], -9 * kPi, 9 * kPi);
    const bool up = -std::cos(state()[0]) - std::cos(state()[1] + state()[0]) > 1;
    return {.reward = up ? 0.0 : -1.0, .terminated = up};
  }
  void Observe(std::span<float> observation) const {
    for (size_t i : {0, 1}) {
      observation[2 * i] = float(std::cos(state()[i]));
      observation[2 * i + 1] = float(std::sin(state()[i]));
      observation[4 + i] = float(state()[2 + i]);
    }
  }

 private:
  Numbers4 Along(const Numbers4& slope, double time) const {
    Numbers4 s = state();
    for (size_t i = 0; i < 4; ++i) s[i] += time * slope[i];
    return s;
  }
  // Links of 1 m and 1 kg with their masses in the middle and moments of inertia of 1 kg m².
  static Numbers4 Slope(const Numbers4& s, double torque) {
    constexpr double kGravity = 9.8, kCentre = 0.5, kInertia = 1;
    const auto& [angle, bend, rate, bend_rate] = s;
    const double c = std::cos(bend);
    const double d1 = kCentre * kCentre + (1 + kCentre * kCentre + 2 * kCentre * c) + 2 * kInertia;
    const double d2 = kCentre * kCentre + kCentre * c + kInertia;
    const double phi2 = kCentre * kGravity * std::cos(angle + bend - kPi / 2);
    const double phi1 = -kCentre * bend_rate * bend_rate * std::sin(bend) -
                        2 * kCentre * bend_rate * rate * std::sin(bend) +
                        (kCentre + 1) * kGravity * std::cos(angle - kPi / 2) + phi2;
    const double bend_turn =
        (torque + d2 / d1 * phi1 - kCentre * rate * rate * std::sin(bend) - phi2) /
        (kCentre * kCentre + kInertia - d2 * d2 / d1);
    return {rate, bend_rate, -(d2 * bend_turn + phi1) / d1, bend_turn};
  }
};

// A pendulum with a motor too weak to lift it at once. State: angle from upright, its rate.
class PendulumTask final : public ClassicTask<PendulumTask> {
 public:
  using ClassicTask::ClassicTask;
  static constexpr double kPi = std::numbers::pi, kMostRate = 8;
  static void Describe(env::Spec* spec) {
    spec->id = "Pendulum-v1";
    spec->observation_space["state"] =
        env::VectorBox({-1, -1, -8}, {1, 1, 8}, "", "cosine and sine of the angle, its rate");
    spec->action_space = {{1}, -2, 2, "N m", "torque"};
    spec->max_episode_steps = 200;
    Range(spec, "angle", 1e3, "rad");
    Range(spec, "rate", kMostRate, "rad/s");
  }
  void Begin(RandomStream& stream) {
    state()[0] = stream.Uniform(-kPi, kPi);
    state()[1] = stream.Uniform(-1, 1);
  }
  env::Outcome Move(float action) {
    constexpr double kGravity = 10, kTime = 0.05;
    double &angle = state()[0], &rate = state()[1];
    const double off = std::remainder(angle, 2 * kPi);
    // Gymnasium's torque is float32, and so is its product with a constant.
    const double cost = off * off + 0.1 * rate * rate + double(0.001f * (action * action));
    rate += (1.5 * kGravity * std::sin(angle) + double(3 * action)) * kTime;
    rate = std::clamp(rate, -kMostRate, kMostRate);
    angle += rate * kTime;
    return {.reward = -cost};
  }
  void Observe(std::span<float> observation) const {
    observation[0] = float(std::cos(state()[0]));
    observation[1] = float(std::sin(state()[0]));
    observation[2] = float(state()[1]);
  }
};

// Moore's car in a valley (PhD thesis, Cambridge 1990) with an engine that can be throttled, in
// float32 as Gymnasium's is. State: position, speed.
class MountainCarTask final : public ClassicTask<MountainCarTask> {
 public:
  using ClassicTask::ClassicTask;
  static constexpr float kLeft = -1.2f, kRight = 0.6f, kMostSpeed = 0.07f;
  static void Describe(env::Spec* spec) {
    spec->id = "MountainCarContinuous-v0";
    spec->observation_space["state"] =
        env::VectorBox({kLeft, -kMostSpeed}, {kRight, kMostSpeed}, "", "position, speed");
    spec->action_space = {{1}, -1, 1, "", "throttle"};
    spec->max_episode_steps = 999;
    spec->reward_threshold = 90;
    Range(spec, "position", 1.2, "");
    Range(spec, "speed", kMostSpeed, "");
  }
  void Begin(RandomStream& stream) {
    state()[0] = float(stream.Uniform(-0.6, -0.4));
    state()[1] = 0;
  }
  env::Outcome Move(float action) {
    constexpr float kPower = 0.0015f;
    float position = float(state()[0]), speed = float(state()[1]);
    speed += action * kPower - float(0.0025 * std::cos(3 * double(position)));
    speed = std::clamp(speed, -kMostSpeed, kMostSpeed);
    position = std::clamp(position + speed, kLeft, kRight);
    if (position == kLeft && speed < 0) speed = 0;
    state()[0] = position;
    state()[1] = speed;
    const bool there = position >= 0.45f && speed >= 0;
    return {.reward = (there ? 100.0 : 0.0) - 0.1 * double(action) * double(action),
            .terminated = there};
  }
  void Observe(std::span<float> observation) const {
    observation[0] = float(state()[0]);
    observation[1] = float(state()[1]);
  }
};

template <class Task>
env::EnvironmentFactory ClassicFactory() {
  return [](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    return std::make_unique<Task>(index);
  };
}

}  // namespace ronchi::testing_support
