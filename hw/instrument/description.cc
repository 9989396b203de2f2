#include "hw/instrument/description.h"

#include <array>

namespace ronchi::hw {

std::string_view GroupName(PropertyGroup group) {
  static constexpr std::array<std::string_view, 11> kNames = {
      "other",  "beam",         "optics", "stage",  "scan",  "detector",
      "holder", "high_tension", "gun",    "vacuum", "valves"};
  return kNames[size_t(group)];
}

std::string_view DetectorKindName(DetectorKind kind) {
  static constexpr std::array<std::string_view, 3> kNames = {"scanned", "camera", "spectrum"};
  return kNames[size_t(kind)];
}

const PropertyInfo* Description::FindProperty(std::string_view name) const {
  for (const PropertyInfo& p : properties) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

const DetectorInfo* Description::FindDetector(std::string_view name) const {
  for (const DetectorInfo& d : detectors) {
    if (d.name == name) return &d;
  }
  return nullptr;
}

const MeasurementInfo* Description::FindMeasurement(std::string_view what) const {
  for (const MeasurementInfo& m : measurements) {
    if (m.what == what) return &m;
  }
  return nullptr;
}

}  // namespace ronchi::hw
