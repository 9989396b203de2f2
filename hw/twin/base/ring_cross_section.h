// Elastic scattering of one atom between two angles, in first Born approximation.
#pragma once

#include <string>

#include "core/status.h"

namespace ronchi::hw {

// nm², at a beam energy in eV: 2π ∫ γ² f_e(k)² sin θ dθ, k = 2 sin(θ/2)/λ, with Kirkland's
// scattering factors. InvalidArgument: no such element.
absl::StatusOr<double> RingCrossSection_nm2(const std::string& symbol, double energy_eV,
                                            double inner_rad, double outer_rad);

}  // namespace ronchi::hw
