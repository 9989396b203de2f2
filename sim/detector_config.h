// One entry of the `detectors:` section → DetectorOptions (docs/simulator.md).
#pragma once

#include <string>

#include "core/config.h"
#include "core/status.h"
#include "sim/simulation.h"

namespace ronchi::sim {

// The scan of `options` must have been read: an integrated image needs a raster.
absl::StatusOr<DetectorOptions> ReadDetector(const std::string& name, const Config& config,
                                             const SimulationOptions& options);
// Readout noise and saturation are in electrons: refused without a dose.
absl::Status CheckResponse(const DetectorOptions& detector, const Config& config,
                           const SimulationOptions& options);

}  // namespace ronchi::sim
