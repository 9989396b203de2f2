// `ronchi simulate`: config → HDF5 and a PNG for each image.
#pragma once

#include <string>
#include <vector>

#include "core/config.h"
#include "core/status.h"
#include "sim/simulation.h"

namespace ronchi {

struct SimulateOutcome {
  sim::SimulationResult result;
  std::vector<std::string> files;  // written: the HDF5 file, then the pictures
};

// `output` ends in .hdf5 or .h5; pictures stand beside it as <stem>.<detector>.png. The folder is
// tried before any work. With nothing on the disk after an error.
absl::StatusOr<SimulateOutcome> SimulateToFile(const Config& config, const std::string& output);

}  // namespace ronchi
