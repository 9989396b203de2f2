// One `simulate` job: options as in the schema (docs/simulator.md), in Å, rad, eV, and its
// result, whole or block by block for scans that no memory holds.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"
#include "sim/detector.h"
#include "sim/potential.h"
#include "sim/probe.h"
#include "sim/scan.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

class Engine;                                     // sim/engine.h
std::shared_ptr<const Engine> ReferenceEngine();  // multislice

struct SimulationOptions {
  Specimen specimen;  // repeated and rotated
  std::array<double, 2> tilt_rad = {0, 0};
  BeamOptics beam;
  double focal_spread_A = 0;  // standard deviation of the defocus
  double source_fwhm_A = 0;   // of a normal source; needs a raster scan
  std::array<size_t, 2> grid_pixels = {0, 0};
  double slice_thickness_A = 2;
  std::string parametrization = "kirkland";
  Projection projection = Projection::kInfinite;
  Placement placement = Placement::kExact;
  int phonon_configurations = 1;
  std::map<int, double> phonon_rms_A;  // by atomic number; without one, the structure file's own
  bool phonons = false;                // displace atoms at all
  uint64_t phonon_seed = 0;
  ScanOptions scan;
  std::vector<DetectorOptions> detectors;
  std::shared_ptr<const Engine> engine = ReferenceEngine();
  std::vector<size_t> exit_slices;  // slices passed, increasing; the last is the whole stack
  double electrons_per_A2 = 0;      // 0: no counting noise
  uint64_t dose_seed = 0;
  bool counts = false;  // output in electrons instead of fractions
  // Sums that one block may take, eight times as much with phonons. No bytes depend on it.
  size_t block_bytes = size_t(64) << 20;

  Grid grid() const {
    return {grid_pixels[0], grid_pixels[1], specimen.cell_A[0], specimen.cell_A[1]};
  }
  double electrons_per_probe() const;
};

// What will be computed, and in which pieces.
struct SimulationPlan {
  Grid grid;     // of the waves
  Grid read_on;  // of the diffraction patterns: coarser in PRISM
  std::vector<Detector> detectors;
  std::vector<ScanOptions::Block> blocks;

  // [exit planes (only if several), scan x, scan y (or points), detector axes …]
  std::vector<size_t> Shape(const SimulationOptions& options, size_t detector) const;
};
// OutOfRange, InvalidArgument: a detector that the grid cannot serve, "detectors.<name>: …"; an
// aperture beyond the band limit.
absl::StatusOr<SimulationPlan> PlanSimulation(const SimulationOptions& options);

// Sums of the block at which an interrupted simulation stopped: with them it goes on as if nothing
// had happened, to the bit.
struct SimulationState {
  size_t block = 0;                            // blocks before it are done
  std::vector<double> configurations;          // done, by the block's probes
  std::vector<std::vector<double>> sums;       // by detector, [exits, probes, reading]
  std::vector<std::vector<double>> gradients;  // integrated DPC, of the whole scan
};

struct SimulationResult {
  Grid grid;
  size_t beams = 0;  // plane waves of a PRISM scattering matrix
  size_t slices = 0, distinct_slices = 0;
  double slice_thickness_A = 0;
  double seconds = 0;                         // wall clock, preparation included
  std::optional<SimulationState> unfinished;  // ended by a signal
};

// Takes values [count, detector axes …] of a detector at one exit plane, for the probes
// [first, first + count). Blocks come in order; probes that did not run hold NaN, and after an
// interruption later blocks do not come.
using SimulationSink =
    std::function<absl::Status(size_t detector, size_t exit, size_t first, std::span<const float>)>;

// Runs every probe through every configuration. The same bytes for any number of threads, and
// with or without interruptions (`resume`: the state that the last run left).
absl::StatusOr<SimulationResult> Simulate(const SimulationOptions& options,
                                          const SimulationPlan& plan, const SimulationSink& sink,
                                          std::optional<SimulationState> resume = std::nullopt);

struct DetectorImage {
  DetectorOptions detector;
  Array<float> values;  // SimulationPlan::Shape
};
struct CompleteSimulation : SimulationResult {
  std::vector<DetectorImage> images;
};
// The same with everything in memory.
absl::StatusOr<CompleteSimulation> Simulate(const SimulationOptions& options);

}  // namespace ronchi::sim
