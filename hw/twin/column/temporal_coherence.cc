#include "hw/twin/column/temporal_coherence.h"

namespace ronchi::hw {

double FocalSpread_A(double c_c_mm, double energy_spread_eV, double energy_eV) {
  constexpr double kRest_eV = 510998.95, kFwhmPerSigma = 2.354820045, kAPerMm = 1e7;
  const double relativistic = (1 + energy_eV / kRest_eV) / (1 + energy_eV / (2 * kRest_eV));
  return c_c_mm * kAPerMm * energy_spread_eV / kFwhmPerSigma / energy_eV * relativistic;
}

}  // namespace ronchi::hw
