// Numbers of a workflow's guard.limits.
#pragma once

#include "core/status.h"
#include "hw/instrument/description.h"
#include "hw/workflow/commands.h"

namespace ronchi::hw::workflow::internal {

// A limit with its unit, or a plain number, which is SI as in every guard section. A plain number
// that is beyond the property's own range is refused: a unit has been forgotten.
absl::StatusOr<Interval> LimitOf(const Formula& formula, const Scope& scope, const PropertyInfo& p);
// The same of a rate: per second.
absl::StatusOr<double> RateOf(const Formula& formula, const Scope& scope, const PropertyInfo& p);

}  // namespace ronchi::hw::workflow::internal
