// The cart and pole of Barto, Sutton & Anderson (IEEE Trans. SMC 13, 834, 1983) with the constants
// of Gymnasium's CartPole-v1, to compare learners with what is published. The action's sign is the
// direction of the push.
#pragma once

#include <cmath>
#include <optional>

#include "core/random.h"
#include "env/environment.h"

namespace ronchi::agents {

class CartPoleEnvironment : public env::Environment {
 public:
  explicit CartPoleEnvironment(uint64_t index) : index_(index) {
    spec_.id = "CartPole";
    spec_.observation_space["state"] = {{4}, -1e3f, 1e3f, "", "x, dx/dt, angle, its rate"};
    spec_.action_space = {{1}, -1, 1, "", "push"};
    spec_.max_episode_steps = 500;
    spec_.reward_threshold = 475;
  }
  const env::Spec& spec() const override { return spec_; }

  absl::Status ResetInto(std::optional<uint64_t> seed, const env::ResetOptions&,
                         std::span<float> observation) override {
    if (seed) {
      seed_ = *seed;
      episode_ = 0;
    } else {
      ++episode_;
    }
    RandomStream stream(
        {.seed = seed_, .name = "cart_pole", .environment = index_, .episode = episode_});
    for (double& s : state_) s = stream.Uniform(-0.05, 0.05);
    step_ = 0;
    Observe(observation);
    return absl::OkStatus();
  }

  absl::StatusOr<env::Outcome> StepInto(std::span<const float> action,
                                        std::span<float> observation) override {
    RONCHI_RETURN_IF_ERROR(env::CheckAction(spec_.action_space, action));
    constexpr double kGravity = 9.8, kCart = 1, kPole = 0.1, kHalfLength = 0.5, kPush = 10;
    constexpr double kTime = 0.02;
    auto& [x, speed, angle, rate] = state_;
    const double c = std::cos(angle), s = std::sin(angle), total = kCart + kPole;
    const double push = action[0] >= 0 ? kPush : -kPush;
    const double t = (push + kPole * kHalfLength * rate * rate * s) / total;
    const double turn = (kGravity * s - c * t) / (kHalfLength * (4.0 / 3 - kPole * c * c / total));
    const double acceleration = t - kPole * kHalfLength * turn * c / total;
    x += kTime * speed;
    speed += kTime * acceleration;
    angle += kTime * rate;
    rate += kTime * turn;
    Observe(observation);
    env::Outcome result{.reward = 1};
    result.terminated = std::abs(x) > 2.4 || std::abs(angle) > 12 * M_PI / 180;
    result.truncated = !result.terminated && ++step_ >= spec_.max_episode_steps;
    return result;
  }
  std::span<const double> info() const override { return {}; }

 private:
  void Observe(std::span<float> observation) const { std::copy_n(state_, 4, observation.begin()); }
  const uint64_t index_;
  env::Spec spec_;
  uint64_t seed_ = 0, episode_ = 0;
  int step_ = 0;
  double state_[4] = {};
};

}  // namespace ronchi::agents
