// Truncates an episode after so many steps, as Gymnasium's TimeLimit: `truncated` is set also where
// that step has terminated it.
#pragma once

#include "env/wrappers/stateful.h"

namespace ronchi::env {

class TimeLimit final : public Stateful {
 public:
  TimeLimit(std::unique_ptr<Environment> inner, int max_episode_steps);  // at least 1
  const Spec& spec() const override { return spec_; }
  absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                         std::span<float> observation) override;
  // FailedPrecondition: after the limit, too.
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override;

 private:
  const char* kind() const override { return "TimeLimit"; }
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;

  Spec spec_;
  int steps_ = 0;
};

}  // namespace ronchi::env
