#include "agents/rl/collector.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agents/spaces.h"

namespace ronchi::agents {

Collector::Collector(const env::DictSpace& seen, FeatureLayout layout,
                     std::unique_ptr<env::VectorEnvironment> vector)
    : seen_(seen),
      layout_(std::move(layout)),
      vector_(std::move(vector)),
      memories_(vector_->size(), EpisodeFeatures(layout_)),
      rows_(vector_->size() * layout_.row_size()),
      next_row_(layout_.row_size()),
      taken_(vector_->size() * layout_.action_size()),
      tally_(vector_->size()) {}

absl::StatusOr<Collector> Collector::Create(const EnvironmentFactory& make, size_t environments,
                                            uint64_t seed) {
  RONCHI_ASSIGN_OR_RETURN(
      auto vector, env::VectorEnvironment::Create(make, {.environments = environments,
                                                         .autoreset = env::Autoreset::kSameStep}));
  const env::Spec& spec = vector->spec();
  const env::DictSpace seen = VectorsOf(spec.observation_space);
  RONCHI_ASSIGN_OR_RETURN(FeatureLayout layout, FeatureLayout::Create(seen, spec.action_space));
  if (seen.empty()) {
    return absl::InvalidArgumentError("there is no observation that is a number or a vector");
  }
  Collector made(seen, std::move(layout), std::move(vector));
  RONCHI_RETURN_IF_ERROR(made.vector_->Reset(seed));
  const size_t width = made.spec().observation_size();
  for (size_t i = 0; i < environments; ++i) {
    RONCHI_RETURN_IF_ERROR(
        made.Observe(i, made.vector_->observations().subspan(i * width, width), made.RowOf(i)));
  }
  return made;
}

std::span<float> Collector::RowOf(size_t i) {
  return std::span(rows_).subspan(i * layout_.row_size(), layout_.row_size());
}

absl::Status Collector::Observe(size_t i, std::span<const float> flat, std::span<float> row) {
  const env::Observation observation = env::Unflatten(spec().observation_space, flat);
  RONCHI_RETURN_IF_ERROR(CheckObservation(seen_, observation));
  std::ranges::copy(memories_[i].Observe(observation), row.begin());
  return absl::OkStatus();
}

absl::Status Collector::Step(std::span<const float> unit_actions, double gamma,
                             ReplayBuffer* replay) {
  const size_t a = layout_.action_size();
  std::vector<float> actions;
  for (size_t i = 0; i < environments(); ++i) {
    const std::span<const float> unit = unit_actions.subspan(i * a, a);
    memories_[i].SetAction(unit);
    std::ranges::copy(memories_[i].action(), taken_.begin() + std::ptrdiff_t(i * a));
    const Action scaled = ScaleAction(spec().action_space, unit);
    actions.insert(actions.end(), scaled.begin(), scaled.end());
  }
  RONCHI_RETURN_IF_ERROR(vector_->Step(actions));
  for (size_t i = 0; i < environments(); ++i) {
    RONCHI_RETURN_IF_ERROR(Record(i, gamma, replay));
  }
  return absl::OkStatus();
}

// Where an episode ended, its last observation is what came of the action; a value there counts
// unless it was terminated.
absl::Status Collector::Record(size_t i, double gamma, ReplayBuffer* replay) {
  const bool terminated = vector_->terminated()[i];
  const bool ended = terminated || vector_->truncated()[i];
  const size_t width = spec().observation_size(), a = layout_.action_size();
  const auto now = vector_->observations().subspan(i * width, width);
  RONCHI_RETURN_IF_ERROR(
      Observe(i, ended ? vector_->final_observations().subspan(i * width, width) : now, next_row_));
  const double reward = vector_->rewards()[i];
  replay->Add(RowOf(i), std::span(taken_).subspan(i * a, a), float(reward),
              terminated ? 0 : float(gamma), next_row_);
  tally_.Step(i, reward);
  if (!ended) {
    std::ranges::copy(next_row_, RowOf(i).begin());
    return absl::OkStatus();
  }
  tally_.End(i);
  memories_[i].Begin();
  return Observe(i, now, RowOf(i));
}

absl::StatusOr<nlohmann::json> Collector::Save() const {
  using nlohmann::json;
  RONCHI_ASSIGN_OR_RETURN(const std::string vector, vector_->Save());
  json saved = {{"vector", json::binary({vector.begin(), vector.end()})},
                {"memories", SaveMemories(memories_)},
                {"rows", rows_}};
  tally_.SaveInto(&saved);
  return saved;
}

absl::Status Collector::Restore(const nlohmann::json& saved) {
  const auto& vector = saved.at("vector").get_binary();
  const auto rows = saved.at("rows").get<std::vector<float>>();
  if (rows.size() != rows_.size() || !tally_.Restore(saved)) {
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
