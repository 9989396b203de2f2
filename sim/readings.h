// From sums over configurations to what a detector gives out: mean, source size, the detector's own
// noise, units.
#pragma once

#include <functional>
#include <vector>

#include "sim/simulation.h"

namespace ronchi::sim {

// A block's sums, one array [exits, probes, reading] a detector.
struct BlockSums {
  ScanOptions::Block block;
  std::vector<std::vector<double>> values;
  std::vector<int> configurations;  // done so far, by probe
};
BlockSums MakeBlockSums(const SimulationOptions& options, const SimulationPlan& plan,
                        ScanOptions::Block block);

// Gives the block's values to the sink, detector by detector and plane by plane. The vectors of
// integrated detectors are kept in `gradients` [exits, all probes, 2] instead. `sums` is used up.
absl::Status GiveOut(const SimulationOptions& options, const SimulationPlan& plan, BlockSums sums,
                     std::vector<std::vector<double>>* gradients, const SimulationSink& sink);
// After the last block: the integrated images.
absl::Status GiveOutIntegrals(const SimulationOptions& options, const SimulationPlan& plan,
                              const std::vector<std::vector<double>>& gradients,
                              const SimulationSink& sink);

}  // namespace ronchi::sim
