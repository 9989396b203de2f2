#include "env/wrappers/normalised_vector.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/json_error.h"
#include "core/nesting.h"

namespace ronchi::env {

using nlohmann::json;

NormalisedVector::NormalisedVector(std::unique_ptr<VectorEnvironment> vector,
                                   const NormalisedVectorOptions& options)
    : options_(options),
      vector_(std::move(vector)),
      observation_moments_(vector_->spec().observation_size()),
      observations_(vector_->observations().size()),
      final_observations_(vector_->final_observations().size()),
      rewards_(vector_->size()),
      returns_(vector_->size()) {}

void NormalisedVector::NormaliseObservations(bool update) {
  std::ranges::copy(vector_->observations(), observations_.begin());
  std::ranges::copy(vector_->final_observations(), final_observations_.begin());
  if (!options_.observations) return;
  if (update) observation_moments_.Update(std::span<const float>(observations_));
  observation_moments_.Normalise(observations_, options_.epsilon);
  observation_moments_.Normalise(final_observations_, options_.epsilon);
}

void NormalisedVector::NormaliseRewards() {
  std::ranges::copy(vector_->rewards(), rewards_.begin());
  if (!options_.rewards) return;
  for (size_t i = 0; i < returns_.size(); ++i) {
    const double kept = vector_->terminated()[i] ? 0 : 1;
    returns_[i] = returns_[i] * options_.gamma * kept + rewards_[i];
  }
  if (!frozen_) return_moments_.Update(std::span<const double>(returns_));
  const double spread = std::sqrt(return_moments_.variance()[0] + options_.epsilon);
  for (double& reward : rewards_) reward /= spread;
}

absl::Status NormalisedVector::Reset(std::optional<uint64_t> seed, const ResetOptions& options) {
  RONCHI_RETURN_IF_ERROR(vector_->Reset(seed, options));
  NormaliseObservations(!frozen_);
  std::ranges::fill(rewards_, 0.0);
  return absl::OkStatus();
}

absl::Status NormalisedVector::Step(std::span<const float> actions) {
  RONCHI_RETURN_IF_ERROR(vector_->Step(actions));
  NormaliseObservations(!frozen_);
  NormaliseRewards();
  return absl::OkStatus();
}

absl::StatusOr<std::string> NormalisedVector::Save() const {
  RONCHI_ASSIGN_OR_RETURN(const std::string inside, vector_->Save());
  const json saved = {{"wrapper", "NormalisedVector"},
                      {"observations", observation_moments_.ToJson()},
                      {"return", return_moments_.ToJson()},
                      {"returns", returns_},
                      {"rewards", rewards_},
                      {"frozen", frozen_},
                      {"inside", json::binary({inside.begin(), inside.end()})}};
  const std::vector<uint8_t> bytes = json::to_cbor(saved);
  return std::string(bytes.begin(), bytes.end());
}

absl::Status NormalisedVector::Restore(const std::string& bytes) {
  const absl::StatusOr<json> read = ReadCbor(bytes);
  if (!read.ok()) return Annotate(read.status(), "this is no saved NormalisedVector");
  const json& saved = *read;
  try {
    if (!saved.is_object() || saved.value("wrapper", "") != "NormalisedVector") {
      return absl::InvalidArgumentError("this is no saved NormalisedVector");
    }
    const auto returns = saved.at("returns").get<std::vector<double>>();
    const auto rewards = saved.at("rewards").get<std::vector<double>>();
    const bool frozen = saved.at("frozen").get<bool>();
    const auto& inside = saved.at("inside").get_binary();
    if (returns.size() != returns_.size() || rewards.size() != rewards_.size()) {
      return absl::InvalidArgumentError(absl::StrCat("saved by a vector of ", returns.size(),
                                                     "; this one has ", vector_->size()));
    }
    auto observations = observation_moments_;
    auto of_return = return_moments_;
    if (!observations.FromJson(saved.at("observations")) ||
        !of_return.FromJson(saved.at("return"))) {
      return absl::InvalidArgumentError("saved moments are of another observation");
    }
    RONCHI_RETURN_IF_ERROR(vector_->Restore({inside.begin(), inside.end()}));
    observation_moments_ = observations;
    return_moments_ = of_return;
    returns_ = returns;
    rewards_ = rewards;
    frozen_ = frozen;
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("saved NormalisedVector: ", JsonError(e)));
  }
  NormaliseObservations(false);  // by the moments as they are
  return absl::OkStatus();
}

}  // namespace ronchi::env
