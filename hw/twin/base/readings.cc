#include "hw/twin/base/readings.h"

namespace ronchi::hw {

void AddReadings(Description* d) {
  using Group = PropertyGroup;
  const auto add = [&](const char* name, Dimension dimension, double max, const char* meaning,
                       const char* unit, Group group) {
    d->properties.push_back({.name = name,
                             .dimension = dimension,
                             .min = 0,
                             .max = max,
                             .max_step = 0,
                             .meaning = meaning,
                             .unit = unit,
                             .group = group});
  };
  add("beam.energy", Dimension::kVoltage, 3e6, "acceleration", "kV", Group::kHighTension);
  add("beam.semiangle", Dimension::kAngle, 1, "of convergence", "mrad", Group::kBeam);
  add("beam.current", Dimension::kCurrent, 1e-6, "measured", "pA", Group::kBeam);
  add("scan.count", Dimension::kNone, 1e18, "scans so far", "", Group::kScan);
  add("dose.max", Dimension::kDose, 1e40, "largest dose on any square nanometre", "e/A^2",
      Group::kBeam);
}

}  // namespace ronchi::hw
