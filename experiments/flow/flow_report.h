// report.html of a workflow's run, from what its folder holds: how it ended and why, what it spent
// against the forecast, what was asked and answered, what happened, what it saved.
#pragma once

#include <string>

#include "core/status.h"

namespace ronchi {

// `folder` holds summary.json, workflow.yaml and the journal. NotFound, InvalidArgument: it does
// not.
absl::Status WriteFlowReport(const std::string& folder, const std::string& path);

}  // namespace ronchi
