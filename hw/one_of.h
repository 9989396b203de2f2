// One of several simulations, drawn anew with every episode: a specimen of unknown thickness, say,
// where each thickness is a simulation of its own. Randomise draws it as a function of (seed,
// environment, episode); until then it is the first.
#pragma once

#include <memory>
#include <vector>

#include "hw/instrument.h"

namespace ronchi::hw {

// InvalidArgument: none, one without ground truth, or one that has other properties or detectors
// than the first. Its description is the first one's; Hidden() also has "drawn", an index.
absl::StatusOr<std::unique_ptr<Instrument>> MakeOneOf(
    std::vector<std::unique_ptr<Instrument>> simulations);

}  // namespace ronchi::hw
