// Workflows (docs/hyperlanguage.md) checked and run: the verbs `check`, `run` and `flow`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/flow/flow_instrument.h"
#include "experiments/loop/ending.h"
#include "experiments/record/replay.h"
#include "hw/safety/guard_options.h"
#include "hw/workflow/run.h"

namespace ronchi {

struct FlowOptions {
  std::string path;        // of the workflow, or of a run folder to go on with
  std::string instrument;  // over the workflow's own; empty: that
  std::vector<std::string> overrides;
  std::optional<uint64_t> seed;
  std::string folder;  // where to write; empty: runs/<name>-seed<seed>
  bool resume = false, quiet = false;
  bool attended = false;  // `ronchi flow answer` answers where there is no terminal
  bool hurry = false;     // a twin in real time need not be: to be replayed
  std::map<std::string, std::string> answers;
};

struct CheckedFlow {
  std::string text;  // of the document, with overrides
  hw::workflow::Workflow workflow;
  FlowInstrument instrument;
  hw::workflow::CheckReport report;
  hw::GuardOptions guard;  // where the report has no errors
};
absl::StatusOr<std::unique_ptr<CheckedFlow>> CheckFlow(const FlowOptions& options);

struct FlowOutcome {
  std::string folder;
  hw::workflow::RunResult result;
  Ending ending = Ending::kDone;
  hw::workflow::CheckReport forecast;
  std::vector<std::string> files;
};
// Runs it into a folder: workflow.yaml, run.json, journal.jsonl, events.jsonl and frames.f32 (of
// each sitting: sitting-2 … when it was gone on with), data.hdf5 of what was saved, summary.json,
// report.html.
// InvalidArgument: the check's first error, with the number of others.
absl::StatusOr<FlowOutcome> RunFlow(const FlowOptions& options);

// Gives the simulated instrument of a workflow's run every recorded command again, sitting by
// sitting; a run that is gone on with begins so, and `ronchi replay` shows that nothing differs.
absl::StatusOr<ReplaySummary> ReplayFlow(const std::string& folder);

// What a run has saved so far, as data.hdf5: under /run/saved/<name> numbers in the order in which
// they were saved, as signals images, stacked where they are of one shape.
absl::Status WriteFlowData(const std::string& folder, const hw::workflow::Workflow& workflow);

}  // namespace ronchi
