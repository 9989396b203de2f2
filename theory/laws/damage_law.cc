#include "theory/laws/damage_law.h"

#include <cmath>

namespace ronchi::theory {

double ExponentialFading::RemainingOrder(double dose_e_per_m2) const {
  return std::exp(-dose_e_per_m2 / critical_e_per_m2_);
}

}  // namespace ronchi::theory
