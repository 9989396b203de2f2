// Relativistic electrons. Constants: CODATA 2018 (exact where the SI of 2019 makes them so).
#pragma once

namespace ronchi::sim {

// de Broglie wavelength in Å of an electron accelerated by energy_eV (> 0).
// Kirkland, Advanced Computing in Electron Microscopy, 3rd ed. (2020), eq. 2.5.
double Wavelength_A(double energy_eV);
// σ = 2π m e λ / h² in rad/(V Å), with the relativistic mass; Kirkland (2020), eq. 5.6.
double InteractionConstant(double energy_eV);
// h²/(2π m₀ e) in V Å²: projected potential (V Å) per area = this · f_e(k) (Å). 47.8776 V Å².
double PotentialPerScatteringFactor();

}  // namespace ronchi::sim
