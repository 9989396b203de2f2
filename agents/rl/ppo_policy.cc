#include "agents/rl/ppo_policy.h"

#include "agents/policy_batch.h"
#include "agents/rl/saved_weights.h"
#include "agents/spaces.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

// One memory an episode, one pass through the network for all that act.
class PpoBatch final : public PolicyBatch {
 public:
  PpoBatch(const PpoPolicyParts& parts, size_t episodes)
      : parts_(parts), memories_(episodes, EpisodeFeatures(parts.layout)) {}

  size_t size() const override { return memories_.size(); }
  void Reset(size_t episode, uint64_t) override { memories_[episode].Begin(); }

  absl::StatusOr<std::vector<Action>> Act(std::span<const size_t> episodes,
                                          std::span<const env::Observation> seen) override {
    std::vector<float> rows;
    for (size_t k = 0; k < episodes.size(); ++k) {
      RONCHI_RETURN_IF_ERROR(CheckObservation(parts_.observation_space, seen[k]));
    }
    for (size_t k = 0; k < episodes.size(); ++k) {
      std::vector<float> row = memories_[episodes[k]].Observe(seen[k]);
      parts_.moments.Normalise(std::span(row).first(parts_.layout.vector_size()), kNormaliseEpsilon,
                               kNormaliseClip);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    RONCHI_ASSIGN_OR_RETURN(const ActorCriticOutputs out, parts_.network->Forward(rows));
    const size_t a = parts_.layout.action_size();
    std::vector<Action> actions;
    for (size_t k = 0; k < episodes.size(); ++k) {
      const std::span<const float> unit = std::span(out.actor).subspan(k * a, a);
      memories_[episodes[k]].SetAction(unit);
      actions.push_back(ScaleAction(parts_.action_space, unit));
    }
    return actions;
  }

 private:
  const PpoPolicyParts parts_;
  std::vector<EpisodeFeatures> memories_;
};

class PpoPolicy final : public Policy {
 public:
  explicit PpoPolicy(PpoPolicyParts parts) : parts_(std::move(parts)), own_(parts_, 1) {}

  std::string kind() const override { return "ppo"; }
  void Reset(uint64_t) override { own_.Reset(0, 0); }
  absl::StatusOr<Action> Act(const env::Observation& observation) override {
    const size_t only[] = {0};
    RONCHI_ASSIGN_OR_RETURN(std::vector<Action> actions, own_.Act(only, {&observation, 1}));
    return std::move(actions[0]);
  }
  std::unique_ptr<PolicyBatch> Batch(size_t episodes) const override {
    return std::make_unique<PpoBatch>(parts_, episodes);
  }

  nlohmann::json ToJson() const override {
    nlohmann::json weights = {{"log_std", FloatsToJson(parts_.log_std)}};
    const std::vector<float> all = parts_.network->Parameters();
    std::span<const float> left = all;
    for (const ActorCritic::Part& part : parts_.network->parts()) {
      weights[part.name] = FloatsToJson(left.first(part.size));
      left = left.subspan(part.size);
    }
    return {{"observation_space", DictSpaceToJson(parts_.observation_space)},
            {"action_space", BoxToJson(parts_.action_space)},
            {"hidden", parts_.hidden},
            {"normalisation", parts_.moments.ToJson()},
            {"weights", weights}};
  }

 private:
  const PpoPolicyParts parts_;
  PpoBatch own_;
};

}  // namespace

std::unique_ptr<Policy> MakePpoPolicy(PpoPolicyParts parts) {
  return std::make_unique<PpoPolicy>(std::move(parts));
}

absl::StatusOr<std::unique_ptr<Policy>> ReadPpoPolicy(const nlohmann::json& json) {
  const env::DictSpace observations = DictSpaceFromJson(json.at("observation_space"));
  const env::Box actions = BoxFromJson(json.at("action_space"));
  RONCHI_ASSIGN_OR_RETURN(const FeatureLayout layout, FeatureLayout::Create(observations, actions));
  RunningMoments moments(layout.vector_size());
  if (!moments.FromJson(json.at("normalisation"))) {
    return absl::InvalidArgumentError("the normalisation does not fit the spaces");
  }
  const size_t hidden = json.at("hidden").get<size_t>();
  const nlohmann::json& weights = json.at("weights");
  RONCHI_RETURN_IF_ERROR(CheckSavedWidths(weights, layout.vector_size(), {hidden, hidden}));
  RONCHI_ASSIGN_OR_RETURN(auto network, MakeActorCritic({.layout = layout, .hidden = hidden}, 0));
  std::vector<float> all;
  for (const ActorCritic::Part& part : network->parts()) {
    RONCHI_ASSIGN_OR_RETURN(const auto read, ReadSavedWeights(weights, part.name, part.size));
    all.insert(all.end(), read.begin(), read.end());
  }
  RONCHI_RETURN_IF_ERROR(network->SetParameters(all));
  RONCHI_ASSIGN_OR_RETURN(auto log_std, ReadSavedWeights(weights, "log_std", layout.action_size()));
  return MakePpoPolicy({.observation_space = observations,
                        .action_space = actions,
                        .layout = layout,
                        .hidden = hidden,
                        .moments = std::move(moments),
                        .log_std = std::move(log_std),
                        .network = std::move(network)});
}

}  // namespace ronchi::agents
