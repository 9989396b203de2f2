// From derivatives by the amplitudes of a probe's beams to derivatives by its aberrations and tilt.
#pragma once

#include <array>
#include <complex>
#include <span>

#include "sim/grid.h"
#include "sim/probe.h"

namespace ronchi::sim {

struct OpticsGradient {
  // By Aberrations::a_A and b_A, in their order; b of the round terms (m = 0) does nothing.
  std::array<double, kAberrationTerms.size()> a_per_A{}, b_per_A{};
  std::array<double, 2> tilt_per_rad{};  // BeamOptics::tilt_rad
};

// `probe` is MakeProbe(grid, optics); `amplitude` has ∂L/∂ψ* of its beams
// (MultisliceGradient::amplitude). Tilt moves the rim over the beams, where the aperture has
// kinks: at one, the derivative is that of one side.
OpticsGradient ToOpticsGradient(const Grid& grid, const BeamOptics& optics,
                                const ProbeSpectrum& probe,
                                std::span<const std::complex<double>> amplitude);

}  // namespace ronchi::sim
