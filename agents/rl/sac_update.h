// One update of soft actor-critic (Haarnoja et al. 2018, arXiv 1812.05905): two critics with slowly
// following targets, the actor by the gradient through the smaller of them, and the temperature by
// the entropy that is wanted. Buffers are made once; an update allocates nothing. No libtorch here.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "agents/nn/adam.h"
#include "agents/nn/mlp.h"
#include "agents/rl/replay.h"

namespace ronchi::agents {

struct SacShape {
  size_t row_size = 1, action_size = 1;
  std::vector<size_t> hidden = {64, 64};
  size_t batch = 256;
};
struct SacRates {
  double learning_rate = 3e-4;  // of actor, critics and temperature
  double target_rate = 0.005;   // how far the targets follow, an update
  double target_entropy = -1;   // nats; the paper's is − action_size
  double first_temperature = 1;
};

// A critic, its target and what an update needs of them.
class Critic {
 public:
  Critic(const Mlp& network, size_t most_rows, RandomStream& stream);
  std::span<const float> Target(std::span<const float> pairs) {
    return pass_.Forward(target_, pairs);
  }
  std::span<const float> Value(std::span<const float> pairs) {
    return pass_.Forward(parameters_, pairs);
  }
  // One step towards `wanted` [n] of these pairs; the targets follow.
  void Learn(std::span<const float> pairs, std::span<const float> wanted, const SacRates& rates);
  // By the inputs `first` … of the pairs of the last Value, of a loss with these gradients [n].
  void ByInputs(std::span<const float> by_values, size_t first, std::span<float> by_inputs);
  nlohmann::json Save() const;
  bool Restore(const nlohmann::json& saved);  // false: of another network; may throw

 private:
  std::vector<float> parameters_, target_, gradient_, by_values_;
  Adam adam_;
  MlpPass pass_;
};

class SacUpdate {
 public:
  SacUpdate(const SacShape& shape, const SacRates& rates, uint64_t seed);
  void Step(const ReplayBatch& batch, RandomStream& noise);

  const Mlp& actor() const { return actor_; }  // rows → means, logarithms of deviations
  std::span<const float> actor_parameters() const { return parameters_; }
  double temperature() const;
  Critic& critic(size_t i) { return critics_[i]; }  // 0 and 1; of pairs (row, action)

  nlohmann::json Save() const;
  bool Restore(const nlohmann::json& saved);  // false: of another network; may throw

 private:
  void DrawActions(const ReplayBatch& batch, RandomStream& noise);
  void LearnCritics(const ReplayBatch& batch);
  void LearnActor(const ReplayBatch& batch, double temperature);
  void LearnTemperature(size_t n);
  // [n, row_size + action_size] of rows and actions into pairs_.
  std::span<const float> Pair(std::span<const float> rows, std::span<const float> actions);

  const SacShape shape_;
  const SacRates rates_;
  const Mlp actor_, critic_;
  std::vector<float> parameters_, gradient_;  // the actor's
  Adam adam_;
  std::vector<float> log_temperature_;  // one
  Adam temperature_adam_;
  MlpPass pass_;
  std::vector<Critic> critics_;  // two
  // Of a batch of n: rows acted on first, then those that came of it.
  std::vector<float> noise_, actions_, log_densities_;  // [2 n, a], [2 n, a], [2 n]
  std::span<const float> outputs_;                      // [2 n, 2 a], of pass_
  std::vector<float> pairs_, wanted_;                   // [n, row + a], [n]
  std::vector<float> by_values_[2], by_actions_[2];     // [n], [n, a]
  std::vector<float> by_outputs_;                       // [n, 2 a]
};

}  // namespace ronchi::agents
