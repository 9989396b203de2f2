#include "agents/rl/actor_policy.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "agents/policy_batch.h"
#include "agents/rl/saved_weights.h"
#include "agents/spaces.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

// One memory an episode, one pass through the network for all that act.
class ActorBatch final : public PolicyBatch {
 public:
  ActorBatch(const ActorPolicyParts& parts, size_t episodes)
      : parts_(parts),
        memories_(episodes, EpisodeFeatures(parts.layout)),
        pass_(parts.network, episodes) {}

  size_t size() const override { return memories_.size(); }
  void Reset(size_t episode, uint64_t) override { memories_[episode].Begin(); }

  absl::StatusOr<std::vector<Action>> Act(std::span<const size_t> episodes,
                                          std::span<const env::Observation> seen) override {
    for (const env::Observation& observation : seen) {
      RONCHI_RETURN_IF_ERROR(CheckObservation(parts_.observation_space, observation));
    }
    std::vector<float> rows;
    for (size_t k = 0; k < episodes.size(); ++k) {
      const std::vector<float>& row = memories_[episodes[k]].Observe(seen[k]);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    if (parts_.normalise) parts_.moments.Normalise(rows, kNormaliseEpsilon, kNormaliseClip);
    const std::span<const float> out = pass_.Forward(parts_.parameters, rows);
    const size_t width = parts_.network.shape().outputs, a = parts_.layout.action_size();
    std::vector<Action> actions;
    std::vector<float> unit(a);
    for (size_t k = 0; k < episodes.size(); ++k) {
      std::copy_n(out.data() + k * width, a, unit.begin());
      if (!parts_.layout.discrete()) {
        for (float& u : unit) u = std::tanh(u);
      }
      memories_[episodes[k]].SetAction(unit);
      actions.push_back(ScaleAction(parts_.action_space, unit));
    }
    return actions;
  }

 private:
  const ActorPolicyParts parts_;
  std::vector<EpisodeFeatures> memories_;
  MlpPass pass_;
};

std::string LayerName(size_t l, const char* what) { return absl::StrCat("layer_", l, ".", what); }

// A weight [in, out] with the outputs side by side ↔ one with the inputs side by side, as others
// keep it.
std::vector<float> Turned(std::span<const float> weight, size_t rows, size_t columns) {
  std::vector<float> turned(weight.size());
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) turned[j * rows + i] = weight[i * columns + j];
  }
  return turned;
}

class ActorPolicy final : public Policy {
 public:
  explicit ActorPolicy(ActorPolicyParts parts) : parts_(std::move(parts)), own_(parts_, 1) {}

  std::string kind() const override { return parts_.kind; }
  void Reset(uint64_t) override { own_.Reset(0, 0); }
  absl::StatusOr<Action> Act(const env::Observation& observation) override {
    const size_t only[] = {0};
    RONCHI_ASSIGN_OR_RETURN(std::vector<Action> actions, own_.Act(only, {&observation, 1}));
    return std::move(actions[0]);
  }
  std::unique_ptr<PolicyBatch> Batch(size_t episodes) const override {
    return std::make_unique<ActorBatch>(parts_, episodes);
  }

  nlohmann::json ToJson() const override {
    nlohmann::json weights;
    size_t l = 0;
    for (const Mlp::Layer& layer : parts_.network.layers()) {
      const std::span<const float> all = parts_.parameters;
      weights[LayerName(l, "weight")] = FloatsToJson(
          Turned(all.subspan(layer.weight, layer.in * layer.out), layer.in, layer.out));
      weights[LayerName(l++, "bias")] = FloatsToJson(all.subspan(layer.bias, layer.out));
    }
    nlohmann::json json = {{"observation_space", DictSpaceToJson(parts_.observation_space)},
                           {"action_space", BoxToJson(parts_.action_space)},
                           {"hidden", parts_.network.shape().hidden},
                           {"weights", weights}};
    if (parts_.normalise) json["normalisation"] = parts_.moments.ToJson();
    return json;
  }

 private:
  const ActorPolicyParts parts_;
  ActorBatch own_;
};

}  // namespace

std::unique_ptr<Policy> MakeActorPolicy(ActorPolicyParts parts) {
  return std::make_unique<ActorPolicy>(std::move(parts));
}

absl::StatusOr<std::unique_ptr<Policy>> ReadActorPolicy(const std::string& kind, size_t outputs,
                                                        const nlohmann::json& json) {
  const env::DictSpace observations = DictSpaceFromJson(json.at("observation_space"));
  const env::Box actions = BoxFromJson(json.at("action_space"));
  RONCHI_ASSIGN_OR_RETURN(const FeatureLayout layout, FeatureLayout::Create(observations, actions));
  if (observations.empty() || !layout.images().empty()) {
    return absl::InvalidArgumentError("policy.observation_space: numbers and vectors are read");
  }
  const bool normalise = json.contains("normalisation");
  RunningMoments moments(layout.row_size());
  if (normalise && !moments.FromJson(json.at("normalisation"))) {
    return absl::InvalidArgumentError("the normalisation does not fit the spaces");
  }
  const auto hidden = json.at("hidden").get<std::vector<size_t>>();
  const nlohmann::json& weights = json.at("weights");
  RONCHI_RETURN_IF_ERROR(CheckSavedWidths(weights, layout.row_size(), hidden));
  const Mlp network(
      {.inputs = layout.row_size(), .hidden = hidden, .outputs = outputs * layout.action_size()});
  std::vector<float> parameters;
  size_t l = 0;
  for (const Mlp::Layer& layer : network.layers()) {
    RONCHI_ASSIGN_OR_RETURN(
        const auto weight, ReadSavedWeights(weights, LayerName(l, "weight"), layer.in * layer.out));
    RONCHI_ASSIGN_OR_RETURN(const auto bias,
                            ReadSavedWeights(weights, LayerName(l, "bias"), layer.out));
    const std::vector<float> turned = Turned(weight, layer.out, layer.in);
    parameters.insert(parameters.end(), turned.begin(), turned.end());
    parameters.insert(parameters.end(), bias.begin(), bias.end());
    ++l;
  }
  return MakeActorPolicy({.kind = kind,
                          .observation_space = observations,
                          .action_space = actions,
                          .layout = layout,
                          .network = network,
                          .parameters = std::move(parameters),
                          .moments = std::move(moments),
                          .normalise = normalise});
}

}  // namespace ronchi::agents
