// `ronchi replay`: makes the instruments of a run anew from its resolved config and gives them
// every recorded command again; every reply must come back to the bit.
#pragma once

#include <string>

#include "core/status.h"

namespace ronchi {

struct ReplaySummary {
  size_t commands = 0;
  size_t frames = 0;
  size_t different = 0;          // replies that are not what was recorded
  std::string first_difference;  // where, and what
};

// NotFound, InvalidArgument: not a run folder, or a damaged log.
absl::StatusOr<ReplaySummary> ReplayRun(const std::string& folder);

}  // namespace ronchi
