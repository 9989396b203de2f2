// An instrument that answers from a log: the same commands in the same order get the same replies,
// to the bit. Anything else is an error that names the event and the difference.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hw/record/event_log.h"

namespace ronchi::hw {

// `instrument` names whose events are played. A scan's lines are streamed from its frames. After
// the last event every command is OutOfRange. Blank and safe are granted also where the log has
// none.
std::unique_ptr<Instrument> MakeReplayed(Description description, std::string instrument,
                                         std::vector<LoggedEvent> events);
// From a folder (hw/record/event_log.h), with the description that the log holds. NotFound: the log
// knows no such instrument.
absl::StatusOr<std::unique_ptr<Instrument>> OpenReplayed(const std::string& folder,
                                                         const std::string& instrument);

}  // namespace ronchi::hw
