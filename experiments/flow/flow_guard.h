// The guard of a workflow's run, and what is kept of it from one sitting to the next.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/status.h"
#include "hw/safety/guard_options.h"
#include "hw/workflow/check.h"
#include "nlohmann/json.hpp"

namespace ronchi {

// What the workflow's `guard` says, by the same code that reads `deploy.guard` of a recipe. Without
// a ledger_file the dose is kept in the run's folder. What the check does not prove becomes
// findings of `report`: left to the guard. InvalidArgument: file:line: what; what is allowed.
absl::StatusOr<hw::GuardOptions> ReadFlowGuard(const hw::workflow::Workflow& workflow,
                                               const hw::Description& description,
                                               hw::workflow::CheckReport* report);

// What a run has spent by its journal, of all its sittings; `positions`: where its properties stood
// before.
absl::StatusOr<hw::workflow::Spending> SpentInJournal(
    const std::vector<nlohmann::json>& entries, const hw::Description& description,
    double worst_current_A, const std::map<std::string, double>& positions);

}  // namespace ronchi
