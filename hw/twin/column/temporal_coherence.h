// Partial temporal coherence of the probe: electrons of other energies are focused elsewhere.
#pragma once

namespace ronchi::hw {

// Standard deviation of the defocus (Å) of a beam whose energies are spread normally with full
// width at half maximum energy_spread_eV, through a lens of chromatic aberration C_c (mm):
//   Δ = C_c (σ_E/E) (1 + E/E₀)/(1 + E/2E₀),  σ_E = FWHM/2.3548,  E₀ = 511 keV.
// as a lens' focal length goes with the relativistically corrected voltage, E (1 + E/2E₀) (Reimer &
// Kohl, Transmission Electron Microscopy, 5th ed. (2008), ch. 2).
double FocalSpread_A(double c_c_mm, double energy_spread_eV, double energy_eV);

}  // namespace ronchi::hw
