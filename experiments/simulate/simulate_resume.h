// An interrupted simulation inside its own output: /simulate/resume holds the sums of the block at
// which it stopped. The file is valid all the same, with not-a-number where no probe ran.
#pragma once

#include <optional>
#include <string>

#include "core/storage.h"
#include "experiments/simulate/simulate_series.h"
#include "sim/simulation.h"

namespace ronchi {

// The state of the point `point`, at which the run stopped.
absl::Status WriteState(const sim::SimulationState& state, size_t point,
                        const SimulateSeries& series, DataFile* file);

// How the run ended, in words: what is damaged is not taken for complete.
absl::Status WriteEnd(bool complete, DataFile* file);

// What `path` holds of the simulation.
struct Unfinished {
  bool complete = false;                      // nothing is left to do
  size_t point = 0;                           // those before it are done
  std::optional<sim::SimulationState> state;  // none and not complete: no such file
};
// InvalidArgument: another config's output, or no output of simulate.
absl::StatusOr<Unfinished> ReadState(const std::string& path, SimulateSeries& series);

// Gives the sink the values that `path` has complete, in the order of SimulatePoints.
absl::Status CopyBlocks(const std::string& path, const Unfinished& left, SimulateSeries& series,
                        const SeriesSink& sink);

}  // namespace ronchi
