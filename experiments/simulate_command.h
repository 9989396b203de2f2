// `ronchi simulate`: config → HDF5 and a PNG for each detector.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/config.h"
#include "core/status.h"
#include "sim/simulation.h"

namespace ronchi {

// A config that has been read and can be carried out: detectors reach, names are good.
struct SimulateJob {
  sim::SimulationOptions options;
  sim::SimulationPlan plan;
  std::string config;  // resolved, with every default
};
// InvalidArgument: one line with file, line, key, value and what is allowed.
absl::StatusOr<SimulateJob> ReadSimulateJob(const Config& config);

struct SimulateOutcome {
  sim::SimulationResult result;
  std::vector<std::pair<std::string, double>> means;  // by detector, over all values
  std::vector<std::string> files;                     // written: the HDF5 file, then the pictures
  bool was_complete = false;                          // --resume of what had already ended
};

// `output` ends in .hdf5 or .h5; pictures stand beside it as <stem>.<detector>.png. The folder is
// tried before any work. With nothing on the disk after an error. `resume`: go on with what an
// interrupted run left in `output`; without such a file, begin.
absl::StatusOr<SimulateOutcome> SimulateToFile(const SimulateJob& job, const std::string& output,
                                               bool resume);

}  // namespace ronchi
