// The twin's beam: a current that differs from its nominal one, decays as a cold emitter's does
// between flashes, and flickers.
#pragma once

#include <cmath>

#include "hw/twin/hidden.h"

namespace ronchi::hw {

// At a time of the episode: nominal · current_ratio · e^{−decay · t}.
inline double BeamCurrent_A(double nominal_A, const Hidden& h, double time_s) {
  return nominal_A * h["current_ratio"] * std::exp(-h["current_decay_per_h"] * time_s / 3600);
}

}  // namespace ronchi::hw
