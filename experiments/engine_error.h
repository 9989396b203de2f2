// How far a twin's fast image engine is from full multislice of the same specimen and detector.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "hw/twin/twin_options.h"

namespace ronchi {

struct EngineError {
  std::string optics;               // "in focus", "C10 = 5 nm" …
  double rms_over_mean = 0;         // of the images as they are
  double rms_over_mean_scaled = 0;  // after the best common factor
  double contrast_linear = 0, contrast_multislice = 0;
  double common_factor = 1;  // on the linear image, for the least squares
};

// HAADF of one unit cell, 12×12 probes, multislice of static atoms on a box of 6 × 6 cells.
absl::StatusOr<std::vector<EngineError>> MeasureLinearError(const hw::TwinOptions& twin);

}  // namespace ronchi
