#include "agents/nn/adam.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace ronchi::agents {
namespace {

constexpr double kKeepMean = 0.9, kKeepSquare = 0.999;
constexpr double kEpsilon = 1e-5;  // as PPO's implementations have it, not Adam's 1e-8

}  // namespace

void Adam::Step(std::span<const float> gradient, double rate, double max_length,
                std::span<float> parameters) {
  double squares = 0;
  for (float g : gradient) squares += double(g) * g;
  const double shorten = std::min(1.0, max_length / (std::sqrt(squares) + 1e-6));
  ++steps_;
  const double mean_bias = 1 - std::pow(kKeepMean, double(steps_));
  const double square_bias = 1 - std::pow(kKeepSquare, double(steps_));
  for (size_t i = 0; i < gradient.size(); ++i) {
    const double g = shorten * gradient[i];
    mean_[i] = float(kKeepMean * mean_[i] + (1 - kKeepMean) * g);
    square_[i] = float(kKeepSquare * square_[i] + (1 - kKeepSquare) * g * g);
    const double sd = std::sqrt(square_[i] / square_bias) + kEpsilon;
    parameters[i] -= float(rate * mean_[i] / mean_bias / sd);
  }
}

nlohmann::json Adam::Save() const {
  return {{"mean", mean_}, {"square", square_}, {"steps", steps_}};
}

bool Adam::Restore(const nlohmann::json& saved) {
  const auto mean = saved.at("mean").get<std::vector<float>>();
  const auto square = saved.at("square").get<std::vector<float>>();
  if (mean.size() != mean_.size() || square.size() != mean_.size()) return false;
  mean_ = mean;
  square_ = square;
  steps_ = saved.at("steps").get<int64_t>();
  return true;
}

}  // namespace ronchi::agents
