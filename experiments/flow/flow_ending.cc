#include "experiments/flow/flow_ending.h"

#include "absl/strings/match.h"

namespace ronchi {

Ending EndingOf(const hw::workflow::RunResult& r) {
  if (!r.fault.ok()) return EndingOf(r.fault);
  if (absl::StartsWith(r.ended_by, "denied: ")) return Ending::kEarly;
  if (!r.finished) return Ending::kInterrupted;
  const bool done = r.ended_by == "done" || absl::StartsWith(r.ended_by, "stop: ");
  return done ? Ending::kDone : Ending::kEarly;
}

}  // namespace ronchi
