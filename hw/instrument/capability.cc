#include "hw/instrument/capability.h"

#include <algorithm>
#include <array>

namespace ronchi::hw {

const std::vector<std::string>& CapabilityNames() {
  static const std::vector<std::string> kNames = {
      "read",         "set",           "scan",        "park",       "expose",         "measure",
      "blank",        "unblank",       "safe",        "abort",      "scan.raster",    "scan.points",
      "scan.spiral",  "scan.rotation", "scan.camera", "scan.lines", "scan.rectangle", "scan.offset",
      "set.relative", "cancel"};
  return kNames;
}

bool Can(const Description& description, std::string_view capability) {
  const std::string_view verb = capability.substr(0, capability.find('.'));
  return std::none_of(description.cannot.begin(), description.cannot.end(),
                      [&](const std::string& c) { return c == capability || c == verb; });
}

namespace {

// Names the needs one by one until `enough` says so.
template <class Enough>
void EachNeed(const Description& description, const Command& command, const Enough& enough) {
  if (enough(VerbNameView(command))) return;
  if (const auto* set = std::get_if<Set>(&command); set && set->relative) enough("set.relative");
  const auto* scan = std::get_if<Scan>(&command);
  if (!scan) return;
  static constexpr std::array<std::string_view, 3> kPatterns = {"scan.raster", "scan.points",
                                                                "scan.spiral"};
  if (enough(kPatterns[size_t(scan->pattern)])) return;
  if (scan->pattern != ScanPattern::kPoints && scan->rotation_rad != 0) {
    if (enough("scan.rotation")) return;
  }
  const bool square = scan->fov_x_m == scan->fov_y_m && scan->pixels_x == scan->pixels_y;
  if (scan->pattern == ScanPattern::kRaster && !square && enough("scan.rectangle")) return;
  if ((scan->center_x_m != 0 || scan->center_y_m != 0) && enough("scan.offset")) return;
  for (const std::string& name : scan->detectors) {
    const DetectorInfo* d = description.FindDetector(name);
    if (d && d->kind != DetectorKind::kScanned) {
      enough("scan.camera");
      return;
    }
  }
}

}  // namespace

std::vector<std::string> Needs(const Description& description, const Command& command) {
  std::vector<std::string> needs;
  EachNeed(description, command, [&](std::string_view need) {
    needs.emplace_back(need);
    return false;
  });
  return needs;
}

std::string_view FirstLacking(const Description& description, const Command& command) {
  std::string_view lacking;
  if (description.cannot.empty()) return lacking;
  EachNeed(description, command, [&](std::string_view need) {
    if (!Can(description, need)) lacking = need;
    return !lacking.empty();
  });
  return lacking;
}

}  // namespace ronchi::hw
