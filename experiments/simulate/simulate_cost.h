// What a simulation will cost, before it is begun: `simulate --dry-run`.
#pragma once

#include <string>

#include "experiments/simulate/memory_check.h"
#include "experiments/simulate/simulate_command.h"
#include "experiments/simulate/simulate_series.h"

namespace ronchi {

struct SimulateCost {
  MemoryNeed memory;          // bytes
  double seconds = 0;         // wall clock on `threads` idle cores, FFT planning aside
  double cpu_ms_a_slice = 0;  // one probe through one slice, measured on this grid
  int threads = 1;
  size_t slices = 0, distinct_slices = 0, beams = 0;
  double largest_angle_mrad = 0;  // that a detector may reach
  bool prepared = false;          // a contracted engine that the cache on disk holds already
};

// What the engine says of itself (sim/engine.h), by measuring a small part of the work. What is
// measured is processor time: other programs on the same cores make the run itself longer.
absl::StatusOr<SimulateCost> EstimateCost(const SimulateJob& job);
// Of all points: up to four are measured, spread over the series, and the others taken by their
// probes, slices and pixels. Memory is that of the point that needs most; counts are the first's.
absl::StatusOr<SimulateCost> EstimateCost(SimulateSeries& series);

// The engine of the job against multislice: rms of the difference over the mean, by detector, at up
// to 64 probes spread over the scan, without source size and noise. InvalidArgument: the job's
// engine is multislice. Detectors whose patterns have other pixels are left out.
absl::StatusOr<std::vector<std::pair<std::string, double>>> CompareWithMultislice(
    const SimulateJob& job);

}  // namespace ronchi
