// From a simulation's options to its contracted engine.
#pragma once

#include <memory>

#include "core/status.h"
#include "sim/contracted/builder.h"
#include "sim/simulation.h"

namespace ronchi::sim {

// What the options' specimen, aperture and box amount to. With atoms at rest the equal cells of the
// box are found; with phonons, the whole box is one cell.
ContractionOptions PlanContraction(const SimulationOptions& options);

// Whether the cache on disk seems to hold it.
bool IsPrepared(const SimulationOptions& options, const std::vector<Detector>& detectors);

struct PreparedContraction {
  std::shared_ptr<const Contracted> engine;
  size_t slices = 0, distinct_slices = 0;
  double slice_thickness_A = 0;
};
// Made, or read from the cache on disk where it was made before with the same options.
// `averaged_cells`: equal cells of the box at rest, over whose translations configurations with
// displaced atoms are averaged, too; the images are then those of a perfect crystal's mean.
// ResourceExhausted: more memory than is free. InvalidArgument: an element without scattering
// factor. Cancelled: interrupted.
absl::StatusOr<PreparedContraction> PrepareContraction(
    const SimulationOptions& options, const std::vector<Detector>& detectors,
    const FftEfforts& efforts = {}, std::array<size_t, 2> averaged_cells = {1, 1});

}  // namespace ronchi::sim
