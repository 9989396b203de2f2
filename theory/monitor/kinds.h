// The sequential tests there are, by name: one table, from which recipes choose (`monitor.test`)
// and `ronchi list` and `describe` tell. A new one is a source file with a function that returns
// its MonitorKind, and a row of the table in kinds.cc (docs/add_monitor.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "theory/monitor/change_detector.h"
#include "theory/monitor/sr_detector.h"

namespace ronchi::theory {

// What is known of one stream in control when it begins to be watched.
struct MonitorRequest {
  ReferenceSummary reference;            // of frames seen elsewhere; none: 0 frames
  std::vector<double> reference_frames;  // these themselves, where they are known, instead
  int64_t learning_frames = 0;           // the first so many are in control
  uint64_t seed = 0;                     // for a test that draws lots
};

struct MonitorKind {
  std::string name;     // "shiryaev_roberts"
  std::string summary;  // a line for people
  std::string assumes;  // what of the frames the promise rests on
  // Its statistic is an e-detector (theory/monitor/change_detector.h). InvalidArgument: what it
  // cannot take of the request.
  absl::StatusOr<std::unique_ptr<ChangeDetector>> (*make)(const MonitorRequest&);
};

// The first is the default.
const std::vector<MonitorKind>& MonitorKinds();
// InvalidArgument: none of that name, with the nearest and those there are.
absl::StatusOr<const MonitorKind*> FindMonitorKind(const std::string& name);
std::vector<std::string> MonitorKindNames();

}  // namespace ronchi::theory
