// Actions from one interval for all elements (by default −1 … 1) to each one's own, linearly, as
// Gymnasium's RescaleAction. For spaces with finite bounds.
#pragma once

#include "env/wrapper.h"

namespace ronchi::env {

class RescaleAction final : public Wrapper {
 public:
  // InvalidArgument: bounds that are not finite, or low not below high.
  static absl::StatusOr<std::unique_ptr<RescaleAction>> Create(std::unique_ptr<Environment> inner,
                                                               float low = -1, float high = 1);
  const Spec& spec() const override { return spec_; }
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override;

 private:
  RescaleAction(std::unique_ptr<Environment> inner, float low, float high);

  Spec spec_;
  std::vector<float> scaled_;
};

}  // namespace ronchi::env
