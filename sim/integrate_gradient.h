// The phase whose gradient a centre-of-mass or DPC image shows: integrated differential phase
// contrast (Lazić, Bosch & Lazar, Ultramicroscopy 160, 265 (2016)).
#pragma once

#include <array>
#include <span>

namespace ronchi::sim {

struct GradientRaster {
  std::array<size_t, 2> pixels = {0, 0};
  std::array<double, 2> step_A = {0, 0};
  double wavelength_A = 0;
  // Frequencies below it are damped by 1 − exp(−q²/2q₀²): noise is strongest there. 0: none are.
  double high_pass_per_A = 0;
};

// `vectors`: [x, y, 2], mrad. A phase object deflects by α = λ ∇φ/2π, so with the raster's Fourier
// sum (it is taken to be periodic) φ(q) = 2π/λ · q·α(q) / (2πi q²), φ(0) = 0: the least-squares
// solution. `phase`: [x, y], rad. Not-a-number anywhere makes all of it so.
void IntegrateGradient(const GradientRaster& raster, std::span<const double> vectors,
                       std::span<double> phase);

}  // namespace ronchi::sim
