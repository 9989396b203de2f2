// How far a twin's image engines are from multislice of the same specimen and detector.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "hw/twin/twin_options.h"

namespace ronchi {

struct EngineError {
  std::string engine;               // "contracted", "linear"
  std::string optics;               // "in focus", "C10 = 5 nm" …
  double rms_over_mean = 0;         // of the images as they are
  double rms_over_mean_scaled = 0;  // after the best common factor
  double contrast = 0, contrast_multislice = 0;
  double common_factor = 1;  // on the engine's image, for the least squares
};

// HAADF of one unit cell, 16 × 16 probes, without source size, against the mean of multislice over
// thermal configurations that the twin has not seen (four boxes of at least 23 Å, every cell of
// each). What is left of the contracted engine is how far two such means differ.
absl::StatusOr<std::vector<EngineError>> MeasureEngineErrors(const hw::TwinOptions& twin);

}  // namespace ronchi
