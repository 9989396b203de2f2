// Carries a workflow out. Every step that is done, every value that was computed and every answer
// goes to the journal first; a run that ended early goes on from it: what the journal holds is not
// done again, what it does not hold is. The beam is blanked first and last, after every fault and
// in every pause.
#pragma once

#include <memory>
#include <string>

#include "core/status.h"
#include "hw/instrument/instrument.h"
#include "hw/workflow/check.h"
#include "hw/workflow/host.h"
#include "hw/workflow/journal.h"
#include "hw/workflow/workflow.h"

namespace ronchi::hw::workflow {

struct RunSetup {
  const Workflow* workflow = nullptr;
  const CheckReport* report = nullptr;  // of Check, without errors
  Instrument* instrument = nullptr;     // guarded and recorded by whoever made it
  Journal* journal = nullptr;           // new, or opened again
  std::string folder;                   // the journal's
  Host* host = nullptr;
  Decider* decider = nullptr;
  double worst_current_A = 0;  // for what a command will cost
};

struct RunResult {
  // "done", "stop: …", "abort", "budget: …", "denied: …", "interrupted", "stopped by …", "fault:
  // …".
  std::string ended_by;
  bool finished = false;   // false: it can be gone on with
  absl::Status fault;      // why, after a fault
  Spending spent;          // of all its sittings
  size_t replayed = 0;     // entries taken from the journal
  size_t passed_over = 0;  // commands that failed and were passed over (on_fault: continue)
  size_t skipped = 0;      // steps that a person has left out (`flow skip`)
  // Of a run that was killed: the command that may or may not have been carried out.
  std::string in_flight;
};

// Errors: the journal's (a full disk), or one that does not fit the workflow. A fault of the
// instrument is part of the result.
absl::StatusOr<RunResult> RunWorkflow(const RunSetup& setup);

}  // namespace ronchi::hw::workflow
