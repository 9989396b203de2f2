// A classical way to find a zone axis in ZoneAxisTilt-v1.
#pragma once

#include <algorithm>

#include "tests/support/episodes.h"

namespace ronchi::testing_support {

// Turns against the deflection: a tilt alpha about x moves the pattern along −y, beta along +x, and
// by about half of itself in 10 nm of SrTiO3.
inline Actor Centring(const env::Spec& spec, double mrad_per_mrad = 1.5) {
  return {.act = [box = spec.action_space, gain = mrad_per_mrad](const env::Observation& o) {
    const auto& d = o.at("deflection");
    return std::vector<float>{std::clamp(float(gain * double(d[1])), box.Low(0), box.High(0)),
                              std::clamp(float(-gain * double(d[0])), box.Low(1), box.High(1))};
  }};
}

}  // namespace ronchi::testing_support
