// How far a twin's image engines are from fine multislice of the same specimen and detector.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi {

struct EngineError {
  std::string engine;               // of those with images of crystals (sim/engine.h)
  std::string optics;               // "in focus", "C10 = 5 nm", "in focus, atoms at rest"
  double rms_over_mean = 0;         // of the images as they are; noise of the truth included
  double rms_over_mean_scaled = 0;  // after the best common factor
  double common_factor = 1;         // on the engine's image, for the least squares
  // Fractions of the electrons, and var/mean²; of multislice with standard errors.
  double mean = 0, mean_multislice = 0, mean_error = 0;
  double contrast = 0, contrast_multislice = 0, contrast_error = 0;
  // Of the engine: standard errors for its few thermal configurations, from the scatter of four
  // engines of a single one each (known to 40 %); 0 of atoms at rest.
  double mean_chance = 0, contrast_chance = 0;
};

// The first ring over one unit cell, of a point source without spread of its energy, at the middle
// of the prior's thicknesses, on the zone axis; against ReadFine
// (experiments/simulate/fine_multislice.h): a grid 2.5 times as far as the ring, slices half as
// thick, atoms displaced otherwise. And at rest, where neither side has chance: of five periods at
// most, without amorphous layers, in the engine's own box.
absl::StatusOr<std::vector<EngineError>> MeasureEngineErrors(const hw::TwinOptions& twin);

}  // namespace ronchi
