#include "env/wrappers/normalise_observation.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace ronchi::env {

DictSpace NormalisedSpace(const DictSpace& space) {
  DictSpace out;
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  for (const auto& [name, box] : space) {
    out[name] = {box.shape, -kInfinite, kInfinite, "", box.meaning + ", normalised"};
  }
  return out;
}

NormaliseObservation::NormaliseObservation(std::unique_ptr<Environment> made, double epsilon)
    : Stateful(std::move(made)),
      epsilon_(epsilon),
      spec_(inner().spec()),
      moments_(spec_.observation_size()) {
  spec_.observation_space = NormalisedSpace(spec_.observation_space);
}

void NormaliseObservation::Normalise(std::span<float> observation) {
  if (!frozen_) moments_.Update(observation);
  moments_.Normalise(observation, epsilon_);
}

absl::Status NormaliseObservation::ResetInto(std::optional<uint64_t> seed,
                                             const ResetOptions& options,
                                             std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(inner().ResetInto(seed, options, observation));
  Normalise(observation);
  return absl::OkStatus();
}

absl::StatusOr<Outcome> NormaliseObservation::StepInto(std::span<const float> action,
                                                       std::span<float> observation) {
  absl::StatusOr<Outcome> outcome = inner().StepInto(action, observation);
  if (outcome.ok()) Normalise(observation);
  return outcome;
}

nlohmann::json NormaliseObservation::SaveOwn() const {
  return {{"moments", moments_.ToJson()}, {"frozen", frozen_}};
}

absl::Status NormaliseObservation::RestoreOwn(const nlohmann::json& saved) {
  const bool frozen = saved.at("frozen").get<bool>();
  if (!moments_.FromJson(saved.at("moments"))) {
    return absl::InvalidArgumentError("saved moments are of another observation");
  }
  frozen_ = frozen;
  return absl::OkStatus();
}

}  // namespace ronchi::env
