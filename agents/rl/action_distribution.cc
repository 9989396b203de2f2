#include "agents/rl/action_distribution.h"

#include <algorithm>
#include <cmath>

namespace ronchi::agents {

std::vector<double> ActionDistribution::LogProbabilities() const {
  const double largest = *std::ranges::max_element(output_);
  double sum = 0;
  for (float o : output_) sum += std::exp(o - largest);
  std::vector<double> logs(output_.size());
  for (size_t i = 0; i < logs.size(); ++i) logs[i] = output_[i] - largest - std::log(sum);
  return logs;
}

std::vector<float> ActionDistribution::Draw(RandomStream& stream) const {
  std::vector<float> action(output_.size());
  if (!discrete_) {
    for (size_t i = 0; i < action.size(); ++i) {
      action[i] = output_[i] + float(stream.Normal()) * std::exp(log_std_[i]);
    }
    return action;
  }
  const std::vector<double> logs = LogProbabilities();
  double left = stream.Uniform();
  size_t chosen = 0;
  while (chosen + 1 < logs.size() && (left -= std::exp(logs[chosen])) >= 0) ++chosen;
  action[chosen] = 1;
  return action;
}

double ActionDistribution::LogProbability(std::span<const float> action) const {
  double sum = 0;
  const std::vector<double> logs = discrete_ ? LogProbabilities() : std::vector<double>();
  for (size_t i = 0; i < action.size(); ++i) {
    if (discrete_) {
      sum += action[i] * logs[i];
    } else {
      const double z = (double(action[i]) - output_[i]) / std::exp(double(log_std_[i]));
      sum += -0.5 * z * z - log_std_[i] - 0.5 * std::log(2 * M_PI);
    }
  }
  return sum;
}

double ActionDistribution::Entropy() const {
  double sum = 0;
  if (discrete_) {
    for (double l : LogProbabilities()) sum -= std::exp(l) * l;
  } else {
    for (float s : log_std_) sum += s + 0.5 * (1 + std::log(2 * M_PI));
  }
  return sum;
}

void ActionDistribution::AddLogProbabilityGradient(std::span<const float> action, double weight,
                                                   std::span<double> output_gradient,
                                                   std::span<double> log_std_gradient) const {
  const std::vector<double> logs = discrete_ ? LogProbabilities() : std::vector<double>();
  for (size_t i = 0; i < action.size(); ++i) {
    if (discrete_) {
      output_gradient[i] += weight * (double(action[i]) - std::exp(logs[i]));
    } else {
      const double sd = std::exp(double(log_std_[i]));
      const double z = (double(action[i]) - output_[i]) / sd;
      output_gradient[i] += weight * z / sd;
      log_std_gradient[i] += weight * (z * z - 1);
    }
  }
}

void ActionDistribution::AddEntropyGradient(double weight, std::span<double> output_gradient,
                                            std::span<double> log_std_gradient) const {
  if (!discrete_) {
    for (double& g : log_std_gradient) g += weight;
    return;
  }
  const double entropy = Entropy();
  const std::vector<double> logs = LogProbabilities();
  for (size_t i = 0; i < logs.size(); ++i) {
    output_gradient[i] -= weight * std::exp(logs[i]) * (logs[i] + entropy);
  }
}

}  // namespace ronchi::agents
