// Knock-on damage: an electron scattered backwards gives a nucleus more than it takes to leave its
// place. The nucleus is not at rest: its thermal velocity along the beam adds to what it receives,
// and makes a rate below the static threshold.
#pragma once

namespace ronchi::theory {

constexpr double kBarn_m2 = 1e-28;

struct KnockOnTarget {
  int z = 6;                        // atomic number
  double mass_u = 12;               // of the isotope, unified atomic mass units
  double threshold_eV = 21.14;      // displacement energy T_d
  double velocity2_m2_s2 = 3.17e5;  // mean square velocity along the beam; 0: at rest
};
// Carbon in graphene at 300 K: T_d and ⟨v_z²⟩ after Susi et al., Nat. Commun. 7, 13040 (2016); the
// heavier isotope has the same kinetic energy.
KnockOnTarget Graphene12C();
KnockOnTarget Graphene13C();

// The most energy, eV, that an electron of energy_eV gives a nucleus that comes towards it with
// velocity_m_s along the beam (Susi et al. 2016, eq. 3): at rest 2E(E + 2mc²)/Mc².
double LargestTransfer_eV(const KnockOnTarget& target, double energy_eV, double velocity_m_s);
// The energy at which that reaches T_d of a nucleus at rest.
double StaticThreshold_eV(const KnockOnTarget& target);
// Displacement cross section, barn (1e-28 m²): McKinley & Feshbach, Phys. Rev. 74, 1759 (1948),
// averaged over the normal distribution of velocities.
double KnockOnCrossSection_barn(const KnockOnTarget& target, double energy_eV);
// Displacements a second of one atom under a current density.
double KnockOnRate_per_s(double cross_section_barn, double current_A, double area_m2);

}  // namespace ronchi::theory
