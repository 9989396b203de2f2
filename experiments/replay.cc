#include "experiments/replay.h"

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "experiments/deployment.h"
#include "hw/command_json.h"

namespace ronchi {
namespace {

// "" when equal, else what differs.
std::string Difference(const absl::StatusOr<hw::Reply>& recorded,
                       const absl::StatusOr<hw::Reply>& now) {
  if (recorded.ok() != now.ok()) {
    return absl::StrCat("recorded ", recorded.ok() ? "a reply" : "an error", ", now the other");
  }
  if (!recorded.ok()) {
    return recorded.status().message() == now.status().message() ? "" : "another error message";
  }
  if (hw::ToJson(*recorded) != hw::ToJson(*now)) {
    return absl::StrCat("recorded ", hw::ToJson(*recorded).dump(), ", now ",
                        hw::ToJson(*now).dump());
  }
  for (size_t i = 0; i < recorded->frames.size(); ++i) {
    if (recorded->frames[i].counts != now->frames[i].counts) {
      return absl::StrCat("pixels of frame ", i);
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<ReplaySummary> ReplayRun(const std::string& folder) {
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Load(folder + "/config.yaml"));
  RONCHI_ASSIGN_OR_RETURN(const Recipe recipe, ReadRecipe(config));
  RONCHI_ASSIGN_OR_RETURN(const auto events, hw::ReadEventLog(folder));
  std::map<std::string, std::unique_ptr<hw::Instrument>> instruments;
  ReplaySummary summary;
  for (const hw::LoggedEvent& event : events) {
    std::unique_ptr<hw::Instrument>& instrument = instruments[event.instrument];
    if (!instrument) {
      RONCHI_ASSIGN_OR_RETURN(instrument, MakeInstrument(recipe, event.instrument));
    }
    const absl::StatusOr<hw::Reply> now = instrument->Execute(event.command);
    if (event.reply.ok()) summary.frames += event.reply->frames.size();
    if (const std::string what = Difference(event.reply, now); !what.empty()) {
      if (summary.different++ == 0) {
        summary.first_difference =
            absl::StrCat("command ", summary.commands, " (", hw::VerbName(event.command), " on ",
                         event.instrument, "): ", what);
      }
    }
    ++summary.commands;
  }
  return summary;
}

}  // namespace ronchi
