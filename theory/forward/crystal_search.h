// Where a fit of a crystal's pattern begins: every tilt on the reciprocal lattice of the box, every
// plane of the thickness, from one library of plane waves. A pattern at such a tilt needs no wave
// that another one does not need, so that all of them together cost little more than a few.
#pragma once

#include <vector>

#include "theory/forward/crystal_pattern.h"

namespace ronchi::theory {

struct CrystalSearchOptions {
  std::array<double, 2> thickness_A = {0, 0};          // from, to
  std::array<std::array<double, 2>, 2> tilt_rad = {};  // of x and y: from, to
  size_t count = 4;                                    // of starts
  // Bounds of what it takes; where they are exceeded, tilts and beams are taken further apart.
  double most_bytes = 6e8, most_waves = 6000, most_sums = 3e10;
};

struct CrystalStart {
  double thickness_A = 0;
  std::array<double, 2> tilt_rad = {0, 0};
  double log_likelihood = 0;  // multinomial, of the pattern's shape
};

// The best first, at different tilts. `frame`: counts, [x, y] of the model's camera; `optics`: what
// else the pattern depends on.
std::vector<CrystalStart> SearchCrystal(const CrystalPattern& model, std::span<const double> frame,
                                        const PatternState& optics,
                                        const CrystalSearchOptions& options);

}  // namespace ronchi::theory
