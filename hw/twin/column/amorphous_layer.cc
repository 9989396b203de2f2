#include "hw/twin/column/amorphous_layer.h"

#include "hw/twin/base/ring_cross_section.h"
#include "sim/physics/scattering_factors.h"

namespace ronchi::hw {

absl::StatusOr<double> LayerFraction(const AmorphousOptions& layer, double thickness_A,
                                     double energy_eV, double inner_rad, double outer_rad) {
  if (!(thickness_A > 0)) return 0.0;
  constexpr double kA2PerNm2 = 100;
  RONCHI_ASSIGN_OR_RETURN(const auto table, sim::ScatteringFactors::Load("kirkland"));
  RONCHI_ASSIGN_OR_RETURN(const double nm2, RingCrossSection_nm2(table->Symbol(layer.element),
                                                                 energy_eV, inner_rad, outer_rad));
  return thickness_A * layer.atoms_per_A3 * nm2 * kA2PerNm2;
}

}  // namespace ronchi::hw
