#include "env/wrappers/normalise_reward.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace ronchi::env {

NormaliseReward::NormaliseReward(std::unique_ptr<Environment> inner, double gamma, double epsilon)
    : Stateful(std::move(inner)), gamma_(gamma), epsilon_(epsilon) {}

absl::StatusOr<Outcome> NormaliseReward::StepInto(std::span<const float> action,
                                                  std::span<float> observation) {
  absl::StatusOr<Outcome> outcome = inner().StepInto(action, observation);
  if (!outcome.ok()) return outcome;
  discounted_return_ =
      discounted_return_ * gamma_ * (outcome->terminated ? 0 : 1) + outcome->reward;
  if (!frozen_) moments_.Update(std::span<const double>(&discounted_return_, 1));
  outcome->reward /= std::sqrt(moments_.variance()[0] + epsilon_);
  return outcome;
}

nlohmann::json NormaliseReward::SaveOwn() const {
  return {{"moments", moments_.ToJson()},
          {"discounted_return", discounted_return_},
          {"frozen", frozen_}};
}

absl::Status NormaliseReward::RestoreOwn(const nlohmann::json& saved) {
  const double discounted = saved.at("discounted_return").get<double>();
  const bool frozen = saved.at("frozen").get<bool>();
  if (!moments_.FromJson(saved.at("moments"))) {
    return absl::InvalidArgumentError("saved moments are not of a reward");
  }
  discounted_return_ = discounted;
  frozen_ = frozen;
  return absl::OkStatus();
}

}  // namespace ronchi::env
