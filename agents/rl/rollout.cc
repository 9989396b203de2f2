#include "agents/rl/rollout.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "agents/spaces.h"
#include "core/interrupt.h"

namespace ronchi::agents {

Rollout::Rollout(FeatureLayout layout, std::unique_ptr<env::NormalisedVector> vector)
    : layout_(std::move(layout)),
      vector_(std::move(vector)),
      moments_(layout_.vector_size()),
      memories_(vector_->vector().size(), EpisodeFeatures(layout_)),
      tracks_(size()),
      rows_(size() * layout_.row_size()),
      tally_(size()) {}

absl::StatusOr<Rollout> Rollout::Create(const EnvironmentFactory& make, size_t environments,
                                        double gamma, uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(
      auto vector, env::VectorEnvironment::Create(make, {.environments = environments,
                                                         .autoreset = env::Autoreset::kSameStep}));
  const env::Spec& spec = vector->spec();
  RONCHI_ASSIGN_OR_RETURN(FeatureLayout layout,
                          FeatureLayout::Create(spec.observation_space, spec.action_space));
  Rollout rollout(
      std::move(layout),
      std::make_unique<env::NormalisedVector>(
          std::move(vector), env::NormalisedVectorOptions{.observations = false, .gamma = gamma}));
  RONCHI_RETURN_IF_ERROR(rollout.vector_->Reset(seed));
  RONCHI_RETURN_IF_ERROR(rollout.ObserveAll());
  return rollout;
}

std::span<float> Rollout::RowOf(size_t i) {
  return std::span(rows_).subspan(i * layout_.row_size(), layout_.row_size());
}

absl::Status Rollout::Observe(size_t i, std::span<const float> flat) {
  const env::DictSpace& space = spec().observation_space;
  const env::Observation observation = env::Unflatten(space, flat);
  RONCHI_RETURN_IF_ERROR(CheckObservation(space, observation));
  std::ranges::copy(memories_[i].Observe(observation), RowOf(i).begin());
  const std::span<float> vector_part = RowOf(i).first(layout_.vector_size());
  moments_.Add(vector_part);
  moments_.Normalise(vector_part, kNormaliseEpsilon, kNormaliseClip);
  return absl::OkStatus();
}

absl::Status Rollout::ObserveAll() {
  const size_t width = spec().observation_size();
  for (size_t i = 0; i < size(); ++i) {
    RONCHI_RETURN_IF_ERROR(Observe(i, vector_->observations().subspan(i * width, width)));
  }
  return absl::OkStatus();
}

absl::Status Rollout::Collect(size_t steps, const Choose& choose, const ValuesOf& values_of) {
  tracks_.assign(size(), Track());
  for (size_t t = 0; t < steps && !Interrupted(); ++t) {
    RONCHI_ASSIGN_OR_RETURN(const Choice choice, choose(rows_));
    RONCHI_RETURN_IF_ERROR(Step(choice));
    for (size_t i = 0; i < size(); ++i) RONCHI_RETURN_IF_ERROR(Record(i, values_of));
  }
  return CloseTracks(values_of);
}

absl::Status Rollout::Step(const Choice& choice) {
  const size_t a = layout_.action_size();
  std::vector<float> actions;
  for (size_t i = 0; i < size(); ++i) {
    Track& track = tracks_[i];
    const std::span<const float> action = std::span(choice.actions).subspan(i * a, a);
    track.rows.insert(track.rows.end(), RowOf(i).begin(), RowOf(i).end());
    track.actions.insert(track.actions.end(), action.begin(), action.end());
    track.log_probabilities.push_back(choice.log_probabilities[i]);
    track.values.push_back(choice.values[i]);
    memories_[i].SetAction(action);
    const Action scaled = ScaleAction(spec().action_space, action);
    actions.insert(actions.end(), scaled.begin(), scaled.end());
  }
  return vector_->Step(actions);
}

absl::Status Rollout::Record(size_t i, const ValuesOf& values_of) {
  const env::VectorEnvironment& vector = vector_->vector();
  const bool terminated = vector.terminated()[i], truncated = vector.truncated()[i] && !terminated;
  Track& track = tracks_[i];
  track.rewards.push_back(float(std::clamp(vector_->rewards()[i], -10.0, 10.0)));
  track.terminated.push_back(terminated);
  track.truncated.push_back(truncated);
  track.next_values.push_back(0);
  tally_.Step(i, vector.rewards()[i]);
  const size_t width = spec().observation_size();
  if (terminated || truncated) {
    RONCHI_RETURN_IF_ERROR(Observe(i, vector_->final_observations().subspan(i * width, width)));
    if (truncated) {
      RONCHI_ASSIGN_OR_RETURN(const std::vector<float> value, values_of(RowOf(i)));
      track.next_values.back() = value[0];
    }
    tally_.End(i);
    memories_[i].Begin();
  }
  return Observe(i, vector_->observations().subspan(i * width, width));
}

// Within an episode the next value is the one of the next row acted on; the last rows have not been
// acted on yet. Where an episode ended, Record has dealt with it.
absl::Status Rollout::CloseTracks(const ValuesOf& values_of) {
  RONCHI_ASSIGN_OR_RETURN(const std::vector<float> last_values, values_of(rows_));
  for (size_t i = 0; i < size(); ++i) {
    Track& track = tracks_[i];
    for (size_t t = 0; t < track.values.size(); ++t) {
      if (track.terminated[t] || track.truncated[t]) continue;
      const bool last = t + 1 == track.values.size();
      track.next_values[t] = last ? last_values[i] : track.values[t + 1];
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<nlohmann::json> Rollout::Save() const {
  using nlohmann::json;
  RONCHI_ASSIGN_OR_RETURN(const std::string vector, vector_->Save());
  json saved = {{"vector", json::binary({vector.begin(), vector.end()})},
                {"moments", moments_.ToJson()},
                {"memories", SaveMemories(memories_)},
                {"rows", rows_}};
  tally_.SaveInto(&saved);
  return saved;
}

absl::Status Rollout::Restore(const nlohmann::json& saved) {
  const auto& vector = saved.at("vector").get_binary();
  const auto rows = saved.at("rows").get<std::vector<float>>();
  if (rows.size() != rows_.size() || !tally_.Restore(saved) ||
      !moments_.FromJson(saved.at("moments"))) {
    return absl::InvalidArgumentError("the saved environments are others than these");
  }
  RONCHI_RETURN_IF_ERROR(vector_->Restore({vector.begin(), vector.end()}));
  if (!RestoreMemories(saved.at("memories"), &memories_)) {
    return absl::InvalidArgumentError("the saved memories are of other observations");
  }
  rows_ = rows;
  return absl::OkStatus();
}

}  // namespace ronchi::agents
