#include "hw/instrument/command.h"

namespace ronchi::hw {

std::string VerbName(const Command& command) { return std::string(VerbNameView(command)); }

std::string_view VerbNameView(const Command& command) {
  static constexpr std::string_view kNames[] = {"read",    "set",   "scan",    "park", "expose",
                                                "measure", "blank", "unblank", "safe", "abort"};
  static_assert(std::size(kNames) == std::variant_size_v<Command>);
  return kNames[command.index()];
}

std::string PatternName(ScanPattern pattern) {
  switch (pattern) {
    case ScanPattern::kRaster:
      return "raster";
    case ScanPattern::kPoints:
      return "points";
    case ScanPattern::kSpiral:
      return "spiral";
  }
  return "";
}

bool Exposes(const Command& command) {
  return std::holds_alternative<Scan>(command) || std::holds_alternative<Park>(command) ||
         std::holds_alternative<Expose>(command) || std::holds_alternative<Measure>(command);
}

}  // namespace ronchi::hw
