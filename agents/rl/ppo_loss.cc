#include "agents/rl/ppo_loss.h"

#include <algorithm>
#include <cmath>

#include "agents/rl/action_distribution.h"

namespace ronchi::agents {
namespace {

// Value and derivative by the critic's output: the larger of the plain and the clipped square.
struct ValueLoss {
  double value = 0, slope = 0;
};
ValueLoss LossOfValue(double value, double old, double target, double clip) {
  const double moved = std::clamp(value - old, -clip, clip);
  const double plain = value - target, clipped = old + moved - target;
  if (plain * plain >= clipped * clipped) return {0.5 * plain * plain, plain};
  return {0.5 * clipped * clipped, moved == value - old ? clipped : 0};
}

}  // namespace

PpoLoss ComputePpoLoss(const PpoSamples& s, const ActorCriticOutputs& outputs,
                       std::span<const float> log_std) {
  const size_t n = s.values.size(), a = outputs.actor.size() / n;
  PpoLoss loss{.value = 0,
               .gradient = {.actor = std::vector<float>(n * a), .critic = std::vector<float>(n)},
               .log_std_gradient = std::vector<float>(a)};
  std::vector<double> spread_gradient(a);
  const double part = 1 / double(n);
  for (size_t i = 0; i < n; ++i) {
    const std::span<const float> action = std::span(s.actions).subspan(i * a, a);
    const ActionDistribution d(s.discrete, std::span(outputs.actor).subspan(i * a, a), log_std);
    std::vector<double> gradient(a);
    const double ratio = std::exp(d.LogProbability(action) - s.log_probabilities[i]);
    const double advantage = s.advantages[i];
    const double clipped = std::clamp(ratio, 1 - s.ratio_clip, 1 + s.ratio_clip);
    loss.value -= part * std::min(advantage * ratio, advantage * clipped);
    if (advantage * ratio <= advantage * clipped) {  // else the clip holds it: no slope
      d.AddLogProbabilityGradient(action, -part * advantage * ratio, gradient, spread_gradient);
    }
    if (s.entropy_weight > 0) {
      loss.value -= part * s.entropy_weight * d.Entropy();
      d.AddEntropyGradient(-part * s.entropy_weight, gradient, spread_gradient);
    }
    const ValueLoss v = LossOfValue(outputs.critic[i], s.values[i], s.returns[i], s.value_clip);
    loss.value += part * s.value_weight * v.value;
    loss.gradient.critic[i] = float(part * s.value_weight * v.slope);
    std::ranges::copy(gradient, loss.gradient.actor.begin() + std::ptrdiff_t(i * a));
  }
  std::ranges::copy(spread_gradient, loss.log_std_gradient.begin());
  return loss;
}

}  // namespace ronchi::agents
