// How far an aperture is from a perfect lens: what is left of χ over the disc when that which does
// not matter, a constant and a shift of the image, is taken away.
//
// With ρ = α/α_max the terms are c ρ^{n+1} cos m(φ − φ_nm), c = (2π/λ) C_nm α_max^{n+1}/(n+1) being
// the phase at the rim, and over the disc ⟨ρ^a ρ^b⟩ = 2/(a + b + 2): all in closed form. Coma alone
// (C21) leaves c/√72, for instance; with its shift it would be c/√8.
#pragma once

#include <map>
#include <string>

namespace ronchi::theory {

struct ApertureOptions {
  double energy_eV = 0;
  double semiangle_rad = 0;
};
// The coefficients are "total_C10_nm", "total_C12a_nm", "total_C12b_nm" … "total_C34b_nm", as a
// simulation's ground truth names them; what is not there is zero.
using Coefficients = std::map<std::string, double>;

// Root mean square over the aperture, rad.
double RmsPhaseError_rad(const Coefficients& coefficients, const ApertureOptions& aperture);
// The largest angle within which |χ| stays below `limit_rad` in every direction, at most the
// aperture's: for limit π/4 the radius of the flat part of a Ronchigram. The tilt that belongs to
// coma is not taken away. rad, to 1/512 of the aperture.
double FlatAngle_rad(const Coefficients& coefficients, const ApertureOptions& aperture,
                     double limit_rad);

}  // namespace ronchi::theory
