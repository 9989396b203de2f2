// The gradient of PPO's loss against differences of the loss, and the loss against its definition.
#include "agents/rl/ppo_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "agents/rl/action_distribution.h"
#include "core/random.h"

namespace ronchi::agents {
namespace {

struct Case {
  PpoSamples samples;
  ActorCriticOutputs outputs;
  std::vector<float> log_std;
};

// Ratios, values on both sides of their clips.
Case RandomCase(bool discrete, size_t n, size_t a, uint64_t seed) {
  RandomStream r({.seed = seed, .name = "test.ppo_loss"});
  Case c;
  c.samples = {.discrete = discrete, .entropy_weight = 0.1};
  for (size_t j = 0; j < a; ++j) c.log_std.push_back(float(r.Uniform(-1, 0.5)));
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < a; ++j) c.outputs.actor.push_back(float(r.Normal()));
    const ActionDistribution d(discrete, std::span(c.outputs.actor).last(a), c.log_std);
    const auto action = d.Draw(r);
    c.samples.actions.insert(c.samples.actions.end(), action.begin(), action.end());
    c.samples.log_probabilities.push_back(float(d.LogProbability(action) + r.Normal(0, 0.4)));
    c.outputs.critic.push_back(float(r.Normal()));
    c.samples.values.push_back(c.outputs.critic.back() + float(r.Normal(0, 0.3)));
    c.samples.returns.push_back(float(r.Normal()));
    c.samples.advantages.push_back(float(r.Normal()));
  }
  return c;
}

TEST(PpoLoss, TheGradientIsTheSlopeOfTheLoss) {
  for (bool discrete : {false, true}) {
    Case c = RandomCase(discrete, 40, 3, 7);
    const PpoLoss loss = ComputePpoLoss(c.samples, c.outputs, c.log_std);
    // The loss is double and the step between two float32 is known exactly: a central difference
    // errs by h² times the third derivative, 1e-8 here. Where it straddles a clip it says nothing,
    // which at h = 1e-4 befalls one of hundreds at most.
    constexpr float kStep = 1e-4f;
    int compared = 0, off = 0;
    const auto compare = [&](float& x, double gradient) {
      const float was = x;
      x = was + kStep;
      const double above = x, up = ComputePpoLoss(c.samples, c.outputs, c.log_std).value;
      x = was - kStep;
      const double below = x, down = ComputePpoLoss(c.samples, c.outputs, c.log_std).value;
      x = was;
      ++compared;
      off += std::abs((up - down) / (above - below) - gradient) > 1e-6 + 1e-4 * std::abs(gradient);
    };
    for (size_t i = 0; i < c.outputs.actor.size(); ++i) {
      compare(c.outputs.actor[i], loss.gradient.actor[i]);
    }
    for (size_t i = 0; i < c.outputs.critic.size(); ++i) {
      compare(c.outputs.critic[i], loss.gradient.critic[i]);
    }
    for (size_t j = 0; j < 3 && !discrete; ++j) compare(c.log_std[j], loss.log_std_gradient[j]);
    EXPECT_EQ(compared, discrete ? 160 : 163);
    EXPECT_LE(off, 1) << discrete;
    double size = 0;
    for (float g : loss.gradient.actor) size += std::abs(g);
    EXPECT_GT(size, 0.1);
  }
}

// One step by hand: ratio 1, advantage 2, value 3 of a target 1, nothing clipped.
TEST(PpoLoss, ByHand) {
  PpoSamples s{.actions = {0.5f},
               .log_probabilities = {float(-0.5 * 0.25 - 0.5 * std::log(2 * M_PI))},
               .values = {3},
               .advantages = {2},
               .returns = {1}};
  const PpoLoss loss = ComputePpoLoss(s, {.actor = {0}, .critic = {3}}, std::vector<float>{0});
  EXPECT_NEAR(loss.value, -2 + 0.5 * 0.5 * 4, 1e-6);
  EXPECT_NEAR(loss.gradient.actor[0], -2 * 0.5, 1e-6);           // −A · z/σ
  EXPECT_NEAR(loss.log_std_gradient[0], -2 * (0.25 - 1), 1e-6);  // −A · (z² − 1)
  EXPECT_NEAR(loss.gradient.critic[0], 0.5 * 2, 1e-6);
  // A good action that has become 1.5 times as likely: held, no slope.
  s.log_probabilities[0] -= float(std::log(1.5));
  const PpoLoss held = ComputePpoLoss(s, {.actor = {0}, .critic = {3}}, std::vector<float>{0});
  EXPECT_NEAR(held.value, -2 * 1.2 + 1, 1e-6);
  EXPECT_EQ(held.gradient.actor[0], 0);
}

}  // namespace
}  // namespace ronchi::agents
