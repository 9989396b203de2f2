// An interrupted simulation inside its own output: /simulate/resume holds the sums of the block at
// which it stopped. The file is valid all the same, with not-a-number where no probe ran.
#pragma once

#include <optional>
#include <string>

#include "core/storage.h"
#include "sim/simulation.h"

namespace ronchi {

absl::Status WriteState(const sim::SimulationState& state, const sim::SimulationPlan& plan,
                        DataFile* file);

// What `path` holds of the simulation `config` (the text of the resolved config).
struct Unfinished {
  bool complete = false;                      // nothing is left to do
  std::optional<sim::SimulationState> state;  // none and not complete: no such file
};
// InvalidArgument: another config's output, or no output of simulate.
absl::StatusOr<Unfinished> ReadState(const std::string& path, const std::string& config,
                                     const sim::SimulationOptions& options,
                                     const sim::SimulationPlan& plan);

// Gives the sink the values of the blocks that `path` has complete, in the order of Simulate.
absl::Status CopyBlocks(const std::string& path, size_t blocks,
                        const sim::SimulationOptions& options, const sim::SimulationPlan& plan,
                        const sim::SimulationSink& sink);

}  // namespace ronchi
