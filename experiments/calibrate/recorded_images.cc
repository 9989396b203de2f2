#include "experiments/calibrate/recorded_images.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "experiments/loop/theory_at_work.h"
#include "experiments/loop/watch.h"
#include "hw/instrument/command_json.h"
#include "hw/record/event_log.h"
#include "nlohmann/json.hpp"

namespace ronchi {
namespace {

// Scans that differ in anything make images that one model does not predict.
std::string KindOfScan(const hw::Scan& scan, const std::string& detector) {
  return absl::StrCat(hw::ToJson(hw::Command(scan)).dump(), " by ", detector);
}

}  // namespace

absl::StatusOr<RecordedImages> ReadRecordedImages(const std::string& folder,
                                                  const std::string& name) {
  RONCHI_ASSIGN_OR_RETURN(const hw::EventLogContents log, hw::ReadRecording(folder));
  const auto described = log.descriptions.find(name);
  if (described == log.descriptions.end()) {
    return absl::NotFoundError(absl::StrCat(folder, ": nothing is recorded of '", name, "'"));
  }
  const hw::Description& instrument = described->second;
  std::map<std::string, RecordedImages> kinds;
  std::map<std::string, double> settings;
  for (const hw::LoggedEvent& event : log.events) {
    if (event.instrument != name || !event.reply.ok()) continue;
    KeepSettings(instrument, *event.reply, &settings);
    const auto* scan = std::get_if<hw::Scan>(&event.command);
    if (!scan || event.reply->frames.empty() || event.reply->ended != hw::Ended::kComplete) {
      continue;
    }
    const std::string& detector = event.reply->frames[0].detector;
    RecordedImages& kind = kinds[KindOfScan(*scan, detector)];
    kind.scan = *scan;
    if (const auto* info = instrument.FindDetector(detector)) kind.detector = *info;
    kind.images.push_back(ToAcquisition(*event.reply, settings));
  }
  const auto most = std::ranges::max_element(
      kinds, {}, [](const auto& kind) { return kind.second.images.size(); });
  if (most == kinds.end()) {
    return absl::NotFoundError(absl::StrCat(folder, ": no image of '", name, "' is recorded"));
  }
  return std::move(most->second);
}

}  // namespace ronchi
