// What it takes to send waves through slices: the part of memory and time that engines share which
// do so. Measured is processor time: other programs on the same cores make the run itself longer.
#pragma once

#include <array>

#include "core/status.h"
#include "sim/engine.h"

namespace ronchi::sim {

// Of the calling thread.
double ThreadSeconds();

// Slices of unlike content, which are computed once each (sim/potential.h); an upper bound.
size_t DistinctSlices(const SimulationOptions& options);

// Potentials, transmission functions, a wave for each thread, filters.
EngineMemory WaveMemory(const SimulationOptions& options, int threads);

struct WaveMeasurement {
  std::array<size_t, 2> cells = {1, 1};  // waves of one of that many equal cells of the box
  bool plane_waves = false;              // instead of probes
  bool reads = false;                    // every detector, at each exit
};
struct WaveSeconds {           // of one thread
  double potential = 0;        // of one slice
  double potential_fixed = 0;  // of a stack, besides: filters, the propagator
  double slice = 0;            // of one wave in one slice
  double exit = 0;             // of entering, and of reading every detector once
  double transmission = 0;     // of making ready a slice whose potential is there
};
// A few waves through the specimen's middle slices.
absl::StatusOr<WaveSeconds> MeasureWaves(const SimulationOptions& options,
                                         const SimulationPlan& plan, const WaveMeasurement& how);

// Of all potentials, made anew `times`; of `waves` through all slices.
double PotentialSeconds(const SimulationOptions& options, const WaveSeconds& one, double times);
double PassSeconds(const SimulationOptions& options, const WaveSeconds& one, double waves);

// How often potentials are made: for every block and configuration where atoms move.
double PotentialsMade(const SimulationOptions& options, size_t blocks);
// Waves that all probes, optics of the focal spread and configurations are together.
double ProbeWaves(const SimulationOptions& options);

}  // namespace ronchi::sim
