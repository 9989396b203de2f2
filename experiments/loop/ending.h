// How a run ended: for its summary, its report and the exit status of the command.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi {

enum class Ending {
  kDone,         // all that was asked for
  kEarly,        // in order, before that: the guard refused, a person denied, a budget is used up
  kInterrupted,  // Ctrl-C, SIGTERM, `ronchi flow stop`
  kFault         // the instrument, the disk, an agent failed
};

std::string_view EndingName(Ending ending);  // "done", "early", "interrupted", "fault"
std::optional<Ending> EndingFromName(std::string_view name);
// 0, 3, 130, 1.
int ExitStatus(Ending ending);
// What an error under way makes of a run. A refusal of the guard, after which nothing has happened,
// ends it early; all else is a fault.
Ending EndingOf(const absl::Status& error);

}  // namespace ronchi
