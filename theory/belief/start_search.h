// Where to start a fit: the points of a grid that explain the acquisitions best by the model's own
// measure (ForwardModel::MakeMatch). Needs no derivative and no luck.
#pragma once

#include <span>
#include <vector>

#include "theory/forward/forward_model.h"

namespace ronchi::theory {

// The `count` best, coordinates at the first acquisition's time, best first. The grid covers ±sigma
// of the prior mean in every parameter with a search step, near that step; all others are taken
// from `center` (coordinates), or set by the model where it finds them by itself.
std::vector<State> SearchStarts(const ForwardModel& model,
                                std::span<const Acquisition> acquisitions, const State& center,
                                size_t count);

}  // namespace ronchi::theory
