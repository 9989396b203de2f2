#include "hw/instrument.h"

namespace ronchi::hw {

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

std::string VerbName(const Command& command) {
  static constexpr const char* kNames[] = {"read",    "set",   "scan",    "park", "expose",
                                           "measure", "blank", "unblank", "safe", "abort"};
  static_assert(std::size(kNames) == std::variant_size_v<Command>);
  return kNames[command.index()];
}

}  // namespace ronchi::hw
