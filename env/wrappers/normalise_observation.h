// Observations with mean 0 and variance 1 by what this environment has shown so far, every element
// by itself, as Gymnasium's NormalizeObservation. The moments go on from episode to episode; they
// are frozen for evaluation. Several environments with common moments: NormalisedVector.
#pragma once

#include "core/running_moments.h"
#include "env/wrappers/stateful.h"

namespace ronchi::env {

// The same space with every element normalised: no bounds, no units.
DictSpace NormalisedSpace(const DictSpace& space);

class NormaliseObservation final : public Stateful {
 public:
  explicit NormaliseObservation(std::unique_ptr<Environment> inner, double epsilon = 1e-8);
  const Spec& spec() const override { return spec_; }
  absl::Status ResetInto(std::optional<uint64_t> seed, const ResetOptions& options,
                         std::span<float> observation) override;
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override;

  void set_frozen(bool frozen) { frozen_ = frozen; }  // true: used, no longer updated
  bool frozen() const { return frozen_; }
  const RunningMoments& moments() const { return moments_; }

 private:
  const char* kind() const override { return "NormaliseObservation"; }
  nlohmann::json SaveOwn() const override;
  absl::Status RestoreOwn(const nlohmann::json& saved) override;
  void Normalise(std::span<float> observation);

  const double epsilon_;
  Spec spec_;
  RunningMoments moments_;
  bool frozen_ = false;
};

}  // namespace ronchi::env
