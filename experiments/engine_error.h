// How far a twin's fast image engine is from full multislice of the same specimen and detector.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "hw/twin/twin_options.h"

namespace ronchi {

struct EngineError {
  std::string optics;               // "in focus", "C10 = 5 nm" …
  bool thermal = false;             // against frozen phonons; else against atoms at rest
  double rms_over_mean = 0;         // of the images as they are
  double rms_over_mean_scaled = 0;  // after the best common factor
  double contrast_linear = 0, contrast_multislice = 0;
  double common_factor = 1;  // on the linear image, for the least squares
};

// HAADF of one unit cell, 8×8 probes, multislice on a box of 6 × 6 cells, slices of at most 2 Å:
// with atoms at rest, and averaged over frozen-phonon configurations of 0.08 Å rms (a usual room-
// temperature figure; chosen). The engine lets atoms add incoherently, as thermal motion makes
// them.
absl::StatusOr<std::vector<EngineError>> MeasureLinearError(const hw::TwinOptions& twin);

}  // namespace ronchi
