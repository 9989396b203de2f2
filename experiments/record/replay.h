// `ronchi replay`: makes the simulated instruments of a run anew from its resolved config and gives
// them every recorded command again; every reply must come back to the bit. So does the twin of a
// workflow that was stopped, or killed, come back to where it stood.
#pragma once

#include <string>

#include "core/status.h"
#include "hw/instrument/instrument.h"
#include "hw/record/event_log.h"

namespace ronchi {

struct ReplaySummary {
  size_t commands = 0;
  size_t frames = 0;
  size_t different = 0;          // replies that are not what was recorded
  std::string first_difference;  // where, and what
};

// Gives a simulation one recorded command again, once the time has passed that passed before it,
// and counts whether it answers the same.
void ReplayEvent(const hw::LoggedEvent& event, hw::Instrument* instrument, ReplaySummary* summary);
// Likewise what is recorded of `instrument` in one folder, to its end. A torn last line is left
// out.
absl::Status ReplayRecording(const std::string& folder, const std::string& name,
                             hw::Instrument* instrument, ReplaySummary* summary);

// Of a recipe's run. NotFound, InvalidArgument: not a run folder, a damaged log, or one of an
// instrument that is no simulation.
absl::StatusOr<ReplaySummary> ReplayRun(const std::string& folder);

}  // namespace ronchi
