// From electrons that reach a detector to what it reads:
//   counts = min(saturation, gain · Poisson(electrons) + dark + readout · N(0, 1)).
#pragma once

#include <algorithm>
#include <limits>

#include "core/random.h"

namespace ronchi::hw {

struct Counting {
  double gain = 1, dark = 0, readout = 0;  // counts an electron, counts, counts rms
  double saturation = std::numeric_limits<double>::infinity();

  double Mean(double electrons) const { return std::min(saturation, gain * electrons + dark); }
  float Draw(double electrons, RandomStream* random) const {
    double counts = gain * double(random->Poisson(electrons)) + dark;
    if (readout > 0) counts += readout * random->Normal();
    return float(std::min(saturation, counts));
  }
};

}  // namespace ronchi::hw
