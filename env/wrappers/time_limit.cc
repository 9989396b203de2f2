#include "env/wrappers/time_limit.h"

#include <nlohmann/json.hpp>

namespace ronchi::env {

TimeLimit::TimeLimit(std::unique_ptr<Environment> made, int max_episode_steps)
    : Stateful(std::move(made)), spec_(inner().spec()) {
  RONCHI_CHECK(max_episode_steps > 0);
  spec_.max_episode_steps = max_episode_steps;
}

absl::Status TimeLimit::ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                                  std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(inner().ResetInto(seed, options, observation));
  steps_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<Outcome> TimeLimit::StepInto(std::span<const float> action,
                                            std::span<float> observation) {
  if (steps_ >= spec_.max_episode_steps) {
    return absl::FailedPreconditionError("Step after the end of the episode");
  }
  absl::StatusOr<Outcome> outcome = inner().StepInto(action, observation);
  if (!outcome.ok()) return outcome;
  if (++steps_ >= spec_.max_episode_steps) outcome->truncated = true;
  return outcome;
}

nlohmann::json TimeLimit::SaveOwn() const { return {{"steps", steps_}}; }

absl::Status TimeLimit::RestoreOwn(const nlohmann::json& saved) {
  saved.at("steps").get_to(steps_);
  return absl::OkStatus();
}

}  // namespace ronchi::env
