// `ronchi simulate`: config → HDF5 and a PNG for each detector.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/config.h"
#include "core/status.h"
#include "sim/simulation.h"
#include "sim/specimen/specimen_config.h"

namespace ronchi {

// A config that has been read and can be carried out: detectors reach, names are good.
struct SimulateJob {
  sim::SimulationOptions options;
  sim::SimulationPlan plan;
  std::string config;  // resolved, with every default
};
// InvalidArgument: all mistakes (core/error_list.h), each a line with file, line, key, value and
// what is allowed. `points`: of the series that it is one of, whose outputs add up; `known`: its
// specimen, where that is the same at every point.
absl::StatusOr<SimulateJob> ReadSimulateJob(const Config& config, size_t points = 1,
                                            const sim::SpecimenSection* known = nullptr);

class SimulateSeries;

struct SimulateOutcome {
  sim::SimulationResult result;  // of a series: seconds of all points, the rest of the last one
  std::vector<std::pair<std::string, double>> means;  // by detector, over all values
  std::vector<std::string> files;                     // written: the HDF5 file, then the pictures
  bool was_complete = false;                          // --resume of what had already ended
};

enum class Existing { kRefuse, kReplace, kResume };  // what becomes of an output that is there

// `output` ends in .hdf5 or .h5; pictures stand beside it as <stem>.<detector>.png. The folder is
// tried before any work. With nothing on the disk after an error. kRefuse, AlreadyExists: the file
// or one of the pictures is there. kResume: go on with what an interrupted run left in `output`;
// without such a file, begin.
absl::StatusOr<SimulateOutcome> SimulateToFile(SimulateSeries& series, const std::string& output,
                                               Existing existing);

// Runs the points one after the other, from `state` of point `first` on. The sink takes values as
// sim::Simulate gives them, with the point before them. Ends at the first interrupted point, whose
// number goes to `last`.
using SeriesSink = std::function<absl::Status(size_t point, size_t detector, size_t exit,
                                              size_t first, std::span<const float>)>;
absl::StatusOr<sim::SimulationResult> SimulatePoints(SimulateSeries& series, size_t first,
                                                     std::optional<sim::SimulationState> state,
                                                     const SeriesSink& sink, size_t* last);

}  // namespace ronchi
