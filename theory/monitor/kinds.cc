#include "theory/monitor/kinds.h"

#include "absl/strings/str_cat.h"
#include "core/nearest.h"

namespace ronchi::theory {

// Each in the source of its own.
MonitorKind ConformalKind();             // conformal.cc
MonitorKind SequentialRanksKind();       // sequential_ranks.cc
MonitorKind ShiryaevRobertsKind();       // sr_detector.cc
MonitorKind ShiryaevRobertsKnownKind();  // sr_detector.cc

const std::vector<MonitorKind>& MonitorKinds() {
  static const std::vector<MonitorKind> kKinds = {
      ShiryaevRobertsKind(),
      ShiryaevRobertsKnownKind(),
      SequentialRanksKind(),
      ConformalKind(),
  };
  return kKinds;
}

std::vector<std::string> MonitorKindNames() {
  std::vector<std::string> names;
  for (const MonitorKind& kind : MonitorKinds()) names.push_back(kind.name);
  return names;
}

absl::StatusOr<const MonitorKind*> FindMonitorKind(const std::string& name) {
  for (const MonitorKind& kind : MonitorKinds()) {
    if (kind.name == name) return &kind;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is not allowed; ", AllowedNames(name, MonitorKindNames())));
}

}  // namespace ronchi::theory
