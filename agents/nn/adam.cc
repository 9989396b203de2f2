#include "agents/nn/adam.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace ronchi::agents {
namespace {

constexpr double kKeepMean = 0.9, kKeepSquare = 0.999;

double Length(std::span<const float> gradient) {
  double squares[8] = {};  // side by side, so that they are added at once
  size_t i = 0;
  for (; i + 8 <= gradient.size(); i += 8) {
    for (size_t l = 0; l < 8; ++l) squares[l] += double(gradient[i + l]) * gradient[i + l];
  }
  for (; i < gradient.size(); ++i) squares[0] += double(gradient[i]) * gradient[i];
  double sum = 0;
  for (double s : squares) sum += s;
  return std::sqrt(sum);
}

}  // namespace

void Adam::Step(std::span<const float> gradient, double rate, double max_length,
                std::span<float> parameters) {
  const float shorten =
      std::isinf(max_length) ? 1.0f : float(std::min(1.0, max_length / (Length(gradient) + 1e-6)));
  ++steps_;
  const double mean_bias = 1 - std::pow(kKeepMean, double(steps_));
  const double square_bias = 1 - std::pow(kKeepSquare, double(steps_));
  const float step = float(rate / mean_bias), unbias = float(1 / std::sqrt(square_bias));
  const float epsilon = float(epsilon_);
  constexpr float kOld = float(kKeepMean), kNew = float(1 - kKeepMean);
  constexpr float kOldSquare = float(kKeepSquare), kNewSquare = float(1 - kKeepSquare);
  float* __restrict mean = mean_.data();
  float* __restrict square = square_.data();
  float* __restrict p = parameters.data();
  const float* __restrict by = gradient.data();
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float g = shorten * by[i];
    mean[i] = kOld * mean[i] + kNew * g;
    square[i] = kOldSquare * square[i] + kNewSquare * g * g;
    p[i] -= step * mean[i] / (std::sqrt(square[i]) * unbias + epsilon);
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
