#include "env/wrappers/rescale_action.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::env {

absl::StatusOr<std::unique_ptr<RescaleAction>> RescaleAction::Create(
    std::unique_ptr<Environment> inner, float low, float high) {
  if (!std::isfinite(low) || !std::isfinite(high) || !(low < high)) {
    return absl::InvalidArgumentError(
        absl::StrCat("actions cannot be rescaled to ", low, " … ", high));
  }
  const Box& space = inner->spec().action_space;
  if (space.choices > 0) {
    return absl::InvalidArgumentError(absl::StrCat("the action of ", inner->spec().id,
                                                   " is one of ", space.choices,
                                                   " choices, which cannot be rescaled"));
  }
  for (size_t i = 0; i < space.size(); ++i) {
    if (!std::isfinite(space.Low(i)) || !std::isfinite(space.High(i))) {
      return absl::InvalidArgumentError(absl::StrCat("action[", i, "] of ", inner->spec().id,
                                                     " has no bounds to be rescaled to"));
    }
  }
  return std::unique_ptr<RescaleAction>(new RescaleAction(std::move(inner), low, high));
}

RescaleAction::RescaleAction(std::unique_ptr<Environment> made, float low, float high)
    : Wrapper(std::move(made)), spec_(inner().spec()) {
  Box& space = spec_.action_space;
  scaled_.resize(space.size());
  space.low = low;
  space.high = high;
  space.lows.clear();
  space.highs.clear();
  space.meaning += absl::StrCat(", rescaled (", space.unit.empty() ? "" : space.unit + " at ", low,
                                " … ", high, ": the whole range)");
  space.unit.clear();
}

absl::StatusOr<Outcome> RescaleAction::StepInto(std::span<const float> action,
                                                std::span<float> observation) {
  RONCHI_RETURN_IF_ERROR(CheckAction(spec_.action_space, action));
  const Box& own = spec_.action_space;
  const Box& space = inner().spec().action_space;
  for (size_t i = 0; i < action.size(); ++i) {
    // Both ends exactly, and nothing outside by round-off.
    const double place = (double(action[i]) - own.low) / (double(own.high) - own.low);
    const double value = (1 - place) * space.Low(i) + place * space.High(i);
    scaled_[i] = std::clamp(float(value), space.Low(i), space.High(i));
  }
  return inner().StepInto(scaled_, observation);
}

}  // namespace ronchi::env
