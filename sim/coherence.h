// Partial coherence. Both effects are incoherent averages: over defocus for the spread of the
// beam's energy (temporal), over the probe's place for the size of the source (spatial).
#pragma once

#include <array>
#include <vector>

#include "sim/probe.h"

namespace ronchi::sim {

struct WeightedOptics {
  BeamOptics optics;
  double weight = 1;  // of all: sum 1
};

// Optics at defoci spread normally with standard deviation focal_spread_A about the nominal one:
// eleven, 0.75 standard deviations apart, weighted by the normal density. For a Gaussian average
// the trapezoidal rule converges faster than any power; what is left is the tail beyond 3.75
// standard deviations, 2e-4. The optics as they are when focal_spread_A is 0.
std::vector<WeightedOptics> SpreadFocus(const BeamOptics& optics, double focal_spread_A);

// Convolves scanned values [outer, nx, ny, inner] with a normal source of full width at half
// maximum fwhm_A, over the probes of the raster (steps in Å), in place. Along an axis whose raster is
// `periodic` the source reaches over its end to its beginning; along another, where it reaches
// beyond the raster, the weights of the probes inside are scaled to sum 1.
void BlurBySource(double fwhm_A, double step_x_A, double step_y_A, std::array<bool, 2> periodic,
                  size_t outer, size_t nx, size_t ny, size_t inner, std::vector<double>* values);

}  // namespace ronchi::sim
