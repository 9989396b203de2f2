// What a stochastic policy draws from: independent normal numbers about the actor's outputs, in
// half-widths of the action space, with standard deviations of their own; or one of several
// choices, whose logits the outputs are. Drawn choices are 1 at the one taken and 0 elsewhere.
#pragma once

#include <span>
#include <vector>

#include "agents/features.h"
#include "core/random.h"

namespace ronchi::agents {

class ActionDistribution {
 public:
  // [action_size] each; log_std is not looked at for choices. Both are borrowed.
  ActionDistribution(bool discrete, std::span<const float> output, std::span<const float> log_std)
      : discrete_(discrete), output_(output), log_std_(log_std) {}

  std::vector<float> Draw(RandomStream& stream) const;
  double LogProbability(std::span<const float> action) const;
  double Entropy() const;  // nats; of numbers, differential
  // `weight` times the gradient of the logarithm of the probability is added to both.
  void AddLogProbabilityGradient(std::span<const float> action, double weight,
                                 std::span<double> output_gradient,
                                 std::span<double> log_std_gradient) const;
  void AddEntropyGradient(double weight, std::span<double> output_gradient,
                          std::span<double> log_std_gradient) const;

 private:
  std::vector<double> LogProbabilities() const;  // of each choice
  const bool discrete_;
  const std::span<const float> output_, log_std_;
};

}  // namespace ronchi::agents
