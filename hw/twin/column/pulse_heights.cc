#include "hw/twin/column/pulse_heights.h"

#include <cmath>

namespace ronchi::hw {

double Gamma(double shape, RandomStream* random) {
  // Below one from the next: G(a) = G(a + 1) U^{1/a}.
  if (shape < 1) {
    const double larger = Gamma(shape + 1, random);
    return larger * std::pow(1 - random->Uniform(), 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = random->Normal(), root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - random->Uniform()) < x * x / 2 + d - d * v + d * std::log(v)) return d * v;
  }
}

}  // namespace ronchi::hw
