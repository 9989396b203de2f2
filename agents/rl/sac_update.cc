#include "agents/rl/sac_update.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "agents/rl/squashed_gaussian.h"

namespace ronchi::agents {
namespace {

constexpr double kSacEpsilon = 1e-8;  // of Adam, the paper's

Mlp SacActor(const SacShape& s) {
  return Mlp({.inputs = s.row_size, .hidden = s.hidden, .outputs = 2 * s.action_size});
}
Mlp SacCritic(const SacShape& s) {
  return Mlp({.inputs = s.row_size + s.action_size, .hidden = s.hidden, .outputs = 1});
}

// The numbers of a run in place, where there are as many.
bool ReadRun(const nlohmann::json& saved, std::vector<float>* run) {
  auto read = saved.get<std::vector<float>>();
  if (read.size() != run->size()) return false;
  *run = std::move(read);
  return true;
}

}  // namespace

Critic::Critic(const Mlp& network, size_t most_rows, RandomStream& stream)
    : parameters_(network.size()),
      gradient_(network.size()),
      by_values_(most_rows),
      adam_(network.size(), kSacEpsilon),
      pass_(network, most_rows) {
  network.Initialise(stream, parameters_);
  target_ = parameters_;
}

void Critic::Learn(std::span<const float> pairs, std::span<const float> wanted,
                   const SacRates& rates) {
  const std::span<const float> values = Value(pairs);
  const float n = float(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) by_values_[i] = (values[i] - wanted[i]) / n;
  pass_.Backward(parameters_, std::span(by_values_).first(wanted.size()), {.gradient = gradient_});
  adam_.Step(gradient_, rates.learning_rate, parameters_);
  const float rate = float(rates.target_rate);
  const float* __restrict from = parameters_.data();
  float* __restrict to = target_.data();
  for (size_t i = 0; i < target_.size(); ++i) to[i] += rate * (from[i] - to[i]);
}

void Critic::ByInputs(std::span<const float> by_values, size_t first, std::span<float> by_inputs) {
  pass_.Backward(parameters_, by_values, {.by_inputs = by_inputs, .first = first});
}

nlohmann::json Critic::Save() const {
  return {{"parameters", parameters_}, {"target", target_}, {"adam", adam_.Save()}};
}

bool Critic::Restore(const nlohmann::json& saved) {
  return ReadRun(saved.at("parameters"), &parameters_) && ReadRun(saved.at("target"), &target_) &&
         adam_.Restore(saved.at("adam"));
}

SacUpdate::SacUpdate(const SacShape& shape, const SacRates& rates, uint64_t seed)
    : shape_(shape),
      rates_(rates),
      actor_(SacActor(shape)),
      critic_(SacCritic(shape)),
      parameters_(actor_.size()),
      gradient_(actor_.size()),
      adam_(actor_.size(), kSacEpsilon),
      log_temperature_(1, float(std::log(rates.first_temperature))),
      temperature_adam_(1, kSacEpsilon),
      pass_(actor_, 2 * shape.batch),
      noise_(2 * shape.batch * shape.action_size),
      actions_(noise_.size()),
      log_densities_(2 * shape.batch),
      pairs_(shape.batch * (shape.row_size + shape.action_size)),
      wanted_(shape.batch),
      by_outputs_(shape.batch * 2 * shape.action_size) {
  RandomStream stream({.seed = seed, .name = "agents.sac.weights"});
  actor_.Initialise(stream, parameters_);
  for (size_t c : {0, 1}) {
    critics_.emplace_back(critic_, shape.batch, stream);
    by_values_[c].resize(shape.batch);
    by_actions_[c].resize(shape.batch * shape.action_size);
  }
}

double SacUpdate::temperature() const { return std::exp(double(log_temperature_[0])); }

void SacUpdate::Step(const ReplayBatch& batch, RandomStream& noise) {
  DrawActions(batch, noise);
  // Of this update: the temperature before it learns, as in the paper's order of gradients.
  const double now = temperature();
  LearnCritics(batch);
  LearnActor(batch, now);
  LearnTemperature(batch.size);
}

// In one pass for the rows acted on and for those that came of it.
void SacUpdate::DrawActions(const ReplayBatch& batch, RandomStream& noise) {
  const size_t a = shape_.action_size;
  outputs_ = pass_.Forward(parameters_, batch.rows);
  for (float& x : noise_) x = float(noise.Normal());
  for (size_t i = 0; i < 2 * batch.size; ++i) {
    log_densities_[i] =
        DrawSquashed(outputs_.subspan(i * 2 * a, 2 * a), std::span(noise_).subspan(i * a, a),
                     std::span(actions_).subspan(i * a, a));
  }
}

std::span<const float> SacUpdate::Pair(std::span<const float> rows,
                                       std::span<const float> actions) {
  const size_t r = shape_.row_size, a = shape_.action_size;
  float* to = pairs_.data();
  for (size_t i = 0; i < actions.size() / a; ++i) {
    to = std::copy_n(rows.data() + i * r, r, to);
    to = std::copy_n(actions.data() + i * a, a, to);
  }
  return pairs_;
}

// Towards r + γ (min Q'(s', a') − α ln π(a'|s')), a' drawn anew.
void SacUpdate::LearnCritics(const ReplayBatch& batch) {
  const size_t n = batch.size, r = shape_.row_size, a = shape_.action_size;
  const float temperature = float(this->temperature());
  const auto next = Pair(std::span(batch.rows).subspan(n * r), std::span(actions_).subspan(n * a));
  const std::span<const float> first = critics_[0].Target(next), second = critics_[1].Target(next);
  for (size_t i = 0; i < n; ++i) {
    const float value = std::min(first[i], second[i]) - temperature * log_densities_[n + i];
    wanted_[i] = batch.rewards[i] + batch.discounts[i] * value;
  }
  const auto pairs = Pair(std::span(batch.rows).first(n * r), batch.actions);
  for (Critic& critic : critics_) critic.Learn(pairs, wanted_, rates_);
}

// Down the mean of α ln π(a|s) − min Q(s, a), through the drawn actions.
void SacUpdate::LearnActor(const ReplayBatch& batch, double temperature) {
  const size_t n = batch.size, r = shape_.row_size, a = shape_.action_size;
  const auto pairs = Pair(std::span(batch.rows).first(n * r), std::span(actions_).first(n * a));
  const std::span<const float> first = critics_[0].Value(pairs), second = critics_[1].Value(pairs);
  for (size_t i = 0; i < n; ++i) {
    by_values_[0][i] = first[i] <= second[i] ? -1 / float(n) : 0;
    by_values_[1][i] = first[i] <= second[i] ? 0 : -1 / float(n);
  }
  for (size_t c : {0, 1}) critics_[c].ByInputs(by_values_[c], r, by_actions_[c]);
  std::vector<float>& by_actions = by_actions_[0];
  for (size_t i = 0; i < by_actions.size(); ++i) by_actions[i] += by_actions_[1][i];
  const float by_log_density = float(temperature) / float(n);
  for (size_t i = 0; i < n; ++i) {
    SquashedGradient(outputs_.subspan(i * 2 * a, 2 * a), std::span(noise_).subspan(i * a, a),
                     std::span(actions_).subspan(i * a, a), std::span(by_actions).subspan(i * a, a),
                     by_log_density, std::span(by_outputs_).subspan(i * 2 * a, 2 * a));
  }
  pass_.Backward(parameters_, by_outputs_, {.gradient = gradient_});
  adam_.Step(gradient_, rates_.learning_rate, parameters_);
}

// Down −ln α · (the mean of ln π + the entropy that is wanted).
void SacUpdate::LearnTemperature(size_t n) {
  double mean = 0;
  for (size_t i = 0; i < n; ++i) mean += log_densities_[i] / double(n);
  const float by = float(-(mean + rates_.target_entropy));
  temperature_adam_.Step({&by, 1}, rates_.learning_rate, log_temperature_);
}

nlohmann::json SacUpdate::Save() const {
  return {{"actor", parameters_},
          {"adam", adam_.Save()},
          {"log_temperature", log_temperature_},
          {"temperature_adam", temperature_adam_.Save()},
          {"critics", {critics_[0].Save(), critics_[1].Save()}}};
}

bool SacUpdate::Restore(const nlohmann::json& saved) {
  return ReadRun(saved.at("actor"), &parameters_) && adam_.Restore(saved.at("adam")) &&
         ReadRun(saved.at("log_temperature"), &log_temperature_) &&
         temperature_adam_.Restore(saved.at("temperature_adam")) &&
         critics_[0].Restore(saved.at("critics").at(0)) &&
         critics_[1].Restore(saved.at("critics").at(1));
}

}  // namespace ronchi::agents
