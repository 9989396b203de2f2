// Rewards over the standard deviation of the discounted return so far, as Gymnasium's
// NormalizeReward (>= 1.0): G ← γ G (1 − terminated) + r, reward r/√(var G + ε). The mean is left
// in; G goes on over a truncation and a reset, as there.
#pragma once

#include "core/running_moments.h"
#include "env/wrappers/stateful.h"

namespace ronchi::env {

class NormaliseReward final : public Stateful {
 public:
  explicit NormaliseReward(std::unique_ptr<Environment> inner, double gamma = 0.99,
                           double epsilon = 1e-8);
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override;

  void set_frozen(bool frozen) { frozen_ = frozen; }
  bool frozen() const { return frozen_; }
  const RunningMoments& moments() const { return moments_; }  // of the discounted return

 private:
  const char* kind() const override { return "NormaliseReward"; }
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;

  const double gamma_, epsilon_;
  RunningMoments moments_{1};
  double discounted_return_ = 0;
  bool frozen_ = false;
};

}  // namespace ronchi::env
