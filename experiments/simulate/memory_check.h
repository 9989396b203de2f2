// Refuses a simulation that would not fit into memory before it begins.
#pragma once

#include "core/status.h"
#include "sim/simulation.h"

namespace ronchi {

struct MemoryNeed {
  double slices = 0;      // what the engine prepares (sim/engine.h), bytes
  double workspaces = 0;  // waves of each thread, filters
  double results = 0;     // detector readings, probe positions
  double output = 0;      // of it what goes to the disk, bytes
  double Total() const { return slices + workspaces + results; }
};

// Above what Simulate allocates by no more than half for large grids (tests/experiments). `points`
// of a series run one after the other; their outputs and what their picture needs add up.
MemoryNeed EstimateMemory(const sim::SimulationOptions& options, const sim::SimulationPlan& plan,
                          int threads, size_t points = 1);

// What this process may still take, in bytes: the least of the machine's free memory, the control
// group's, and the address-space limit.
double AvailableMemory();

// ResourceExhausted, with what needs how much and what is there.
absl::Status CheckMemory(const sim::SimulationOptions& options, const sim::SimulationPlan& plan,
                         int threads, size_t points = 1);

}  // namespace ronchi
