// The electron probe in reciprocal space: ψ(k) = A(k) e^{−iχ(k)}, Σ|ψ|² = 1 on the grid.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <vector>

#include "core/status.h"
#include "sim/grid.h"
#include "sim/physics/aberrations.h"
#include "sim/real.h"

namespace ronchi::sim {

struct BeamOptics {
  double energy_eV = 200e3;
  double semiangle_rad = 0.024;
  // Of the whole cone about the focus on the entrance face; detectors stay on the axis.
  std::array<double, 2> tilt_rad = {0, 0};
  Aberrations aberrations;
};

struct ProbeSpectrum {
  struct Beam {
    uint32_t ix, iy;  // grid indices in FFT order
    std::complex<Real> amplitude;
  };
  std::vector<Beam> beams;  // those inside the aperture, sorted by iy, then ix
};

// The aperture at the angle (ax, ay): 1 inside, 0 outside, soft over one pixel of the grid (steps
// in rad), (semiangle − α)/Δα + 1/2 clipped to 0 … 1, so that the current does not jump with the
// grid.
double SoftAperture(double ax, double ay, double semiangle_rad, double step_x, double step_y);

// InvalidArgument: the aperture reaches beyond the grid's band limit, or holds no beam.
absl::StatusOr<ProbeSpectrum> MakeProbe(const Grid& grid, const BeamOptics& optics);

}  // namespace ronchi::sim
