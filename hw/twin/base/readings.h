// What every twin can be asked to read and nobody can set.
#pragma once

#include "hw/instrument/description.h"

namespace ronchi::hw {

// Appends beam.energy (V), beam.semiangle (rad), beam.current (A), scan.count and dose.max (e/m²).
void AddReadings(Description* description);

}  // namespace ronchi::hw
