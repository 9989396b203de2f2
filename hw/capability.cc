#include "hw/capability.h"

#include <algorithm>

namespace ronchi::hw {

const std::vector<std::string>& CapabilityNames() {
  static const std::vector<std::string> kNames = {
      "read",        "set",           "scan",        "park",       "expose",       "measure",
      "blank",       "unblank",       "safe",        "abort",      "scan.raster",  "scan.points",
      "scan.spiral", "scan.rotation", "scan.camera", "scan.lines", "set.relative", "cancel"};
  return kNames;
}

bool Can(const Description& description, std::string_view capability) {
  const std::string_view verb = capability.substr(0, capability.find('.'));
  return std::none_of(description.cannot.begin(), description.cannot.end(),
                      [&](const std::string& c) { return c == capability || c == verb; });
}

std::vector<std::string> Needs(const Description& description, const Command& command) {
  std::vector<std::string> needs = {VerbName(command)};
  if (const auto* set = std::get_if<Set>(&command); set && set->relative) {
    needs.push_back("set.relative");
  }
  if (const auto* scan = std::get_if<Scan>(&command)) {
    needs.push_back("scan." + PatternName(scan->pattern));
    if (scan->pattern != ScanPattern::kPoints && scan->rotation_rad != 0) {
      needs.push_back("scan.rotation");
    }
    for (const std::string& name : scan->detectors) {
      const DetectorInfo* d = description.FindDetector(name);
      if (d && d->kind != DetectorKind::kScanned) {
        needs.push_back("scan.camera");
        break;
      }
    }
  }
  return needs;
}

}  // namespace ronchi::hw
