// Takes any finite action and brings it inside the action space, as Gymnasium's ClipAction.
#pragma once

#include "env/wrapper.h"

namespace ronchi::env {

class ClipAction final : public Wrapper {
 public:
  explicit ClipAction(std::unique_ptr<Environment> inner);
  const Spec& spec() const override { return spec_; }
  absl::StatusOr<Outcome> StepInto(std::span<const float> action,
                                   std::span<float> observation) override;

 private:
  Spec spec_;
  std::vector<float> clipped_;
};

}  // namespace ronchi::env
