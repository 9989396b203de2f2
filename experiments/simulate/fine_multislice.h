// What a ring of a simulated column reads by plain multislice, much finer than the twin's engine
// has it: the truth that `ronchi describe` and the tests measure engines against.
//
// Shared with the twin are the structure, the scattering factors and sim/multislice.h; the grid,
// the slices, the box, the displacements of the atoms, the amorphous layers (hard spheres with a
// least distance) and the way from waves to images (probe by probe, no contraction) are its own.
#pragma once

#include <vector>

#include "core/status.h"
#include "hw/twin/column/image_model.h"
#include "hw/twin/column/twin_options.h"

namespace ronchi {

struct FineOptions {
  double reach = 2.5;            // of the waves, over the detector's outer edge
  double slice_thickness_A = 1;  // at most, so many as divide a period
  double box_A = 15;             // at least
  int configurations = 16;       // of displaced atoms; 0: atoms at rest
  int visits = 4;                // of every place of the cell, each in a cell of its own
  size_t probes = 12;            // places a side of the cell
  uint64_t seed = 77;
};

struct FineReading {
  double mean = 0, contrast = 0;              // fraction of the electrons; var/mean²
  double mean_error = 0, contrast_error = 0;  // standard errors, from the visits' scatter
  std::vector<double> image;                  // [x, y] over the cell, probes²
};

// A point source without spread of its energy. `moment`: aberrations, thickness and tilt.
// FailedPrecondition: a film. InvalidArgument: an element without scattering factor.
absl::StatusOr<FineReading> ReadFine(const hw::TwinOptions& twin, size_t detector,
                                     const hw::ImageMoment& moment, const FineOptions& options);

// An engine's image at the same places: mean, contrast and image, without errors.
FineReading ReadEngine(const sim::ImageHarmonics& harmonics, size_t probes);

}  // namespace ronchi
