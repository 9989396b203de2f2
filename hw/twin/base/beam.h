// The twin's beam: a current that differs from its nominal one, decays as a cold emitter's does
// between flashes, and flickers.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/quantity.h"
#include "hw/instrument/scan_path.h"
#include "hw/twin/base/hidden_numbers.h"
#include "sim/physics/electron.h"

namespace ronchi::hw {

// At a time of the episode: nominal · current_ratio · e^{−decay · t}.
inline double BeamCurrent_A(double nominal_A, const HiddenNumbers& h, double time_s) {
  return nominal_A * h["current_ratio"] * std::exp(-h["current_decay_per_h"] * time_s / 3600);
}

// v/c of the beam's electrons.
inline double SpeedOverLight(double energy_eV) {
  constexpr double kElectronRest_eV = 510998.95;  // CODATA 2018
  const double gamma = 1 + energy_eV / kElectronRest_eV;
  return std::sqrt(1 - 1 / (gamma * gamma));
}

// The smallest probe that an aperture can make, as the side of the square that would hold it at its
// peak: no aberration puts more than π α²/λ² of the electrons on an area (Cauchy–Schwarz, with
// equality for a flat phase: Born & Wolf, Principles of Optics, 9.1.1), nor does a source.
inline double LeastProbe_m(double energy_eV, double semiangle_rad) {
  const double wavelength_m = sim::Wavelength_A(energy_eV) * kMetresPerAngstrom;
  return std::max(kLeastProbe_m, wavelength_m / (std::sqrt(std::numbers::pi) * semiangle_rad));
}

}  // namespace ronchi::hw
