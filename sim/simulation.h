// One `simulate` job: options as in the schema (docs/simulator.md), in Å, rad, eV, and its
// result.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"
#include "sim/detector.h"
#include "sim/probe.h"
#include "sim/specimen/specimen.h"

namespace ronchi::sim {

struct ScanOptions {
  std::array<double, 2> start_A = {0, 0}, end_A = {0, 0};
  std::array<size_t, 2> pixels = {1, 1};
  bool endpoint = false;                        // true: the last probe stands on end_A
  std::vector<std::array<double, 2>> points_A;  // instead of the raster, when not empty

  std::array<double, 2> Step_A() const;  // between neighbouring probes of the raster
  // x slow, y fast, as the output.
  std::vector<std::array<double, 2>> Positions() const;
};

struct SimulationOptions {
  Specimen specimen;  // repeated and rotated
  std::array<double, 2> tilt_rad = {0, 0};
  BeamOptics beam;
  double focal_spread_A = 0;  // standard deviation of the defocus
  double source_fwhm_A = 0;   // of a normal source; needs a raster scan
  std::array<size_t, 2> grid_pixels = {0, 0};
  double slice_thickness_A = 2;
  std::string parametrization = "kirkland";
  int phonon_configurations = 1;
  std::map<int, double> phonon_rms_A;  // by atomic number; without one, the structure file's own
  bool phonons = false;                // displace atoms at all
  uint64_t phonon_seed = 0;
  ScanOptions scan;
  std::vector<DetectorOptions> detectors;
  int prism_interpolation = 0;      // 0: multislice; else the PRISM engine with this factor
  std::vector<size_t> exit_slices;  // slices passed, increasing; the last is the whole stack
  double electrons_per_A2 = 0;      // 0: no counting noise
  uint64_t dose_seed = 0;
  bool counts = false;  // output in electrons instead of fractions
};

struct DetectorImage {
  DetectorOptions detector;
  Detector::AngleAxis x_axis, y_axis;  // pixelated
  // [exit planes (only if several), scan x, scan y (or points), detector axes …]
  Array<float> values;
};

struct SimulationResult {
  Grid grid;         // of the waves
  size_t beams = 0;  // plane waves of a PRISM scattering matrix
  std::vector<DetectorImage> images;
  size_t slices = 0, distinct_slices = 0;
  double slice_thickness_A = 0;
  double seconds = 0;        // wall clock, preparation included
  bool interrupted = false;  // ended by a signal: probes that did not run hold NaN
};

// Runs every probe through every configuration. The same bytes for any number of threads.
absl::StatusOr<SimulationResult> Simulate(const SimulationOptions& options);

}  // namespace ronchi::sim
