#include "env/wrappers/clip_action.h"

#include <algorithm>
#include <limits>

namespace ronchi::env {

ClipAction::ClipAction(std::unique_ptr<Environment> made)
    : Wrapper(std::move(made)), spec_(inner().spec()) {
  Box& space = spec_.action_space;
  clipped_.resize(space.size());
  if (space.choices > 0) return;  // a choice is one of those there are, or a mistake
  space.low = -std::numeric_limits<float>::infinity();
  space.high = std::numeric_limits<float>::infinity();
  space.lows.clear();
  space.highs.clear();
}

absl::StatusOr<Outcome> ClipAction::StepInto(std::span<const float> action,
                                             std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(CheckAction(spec_.action_space, action));
  const Box& space = inner().spec().action_space;
  for (size_t i = 0; i < action.size(); ++i) {
    clipped_[i] = std::clamp(action[i], space.Low(i), space.High(i));
  }
  return inner().StepInto(clipped_, observation);
}

}  // namespace ronchi::env
