// The safety layer: a wrapper that lets nothing through that could hurt the specimen or the column.
// - A set must stay within the property's absolute limits and largest step, and be finite.
// - A scan or park is refused when the dose that it would add takes any square nanometre over the
//   budget; the dose is predicted from the current read on creation plus three standard errors.
// - A fault of the instrument (not a refusal) blanks the beam at once.
// - Destruction (end of the run, exception, early return) blanks the beam.
// It hides the ground truth of a twin: behind a guard every instrument is a real one.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "hw/instrument.h"

namespace ronchi::hw {

struct Limits {
  double min = 0, max = 0, max_step = 0;  // SI
};

struct GuardOptions {
  std::map<std::string, Limits> limits;  // tighter than the instrument's own; never wider
  double dose_budget_e_per_m2 = 0;       // per square nanometre, cumulative; must be above 0
};

// Takes over `inner`. InvalidArgument: a limit for a property that cannot be set, or no budget.
absl::StatusOr<std::unique_ptr<Instrument>> MakeGuarded(std::unique_ptr<Instrument> inner,
                                                        const GuardOptions& options);

}  // namespace ronchi::hw
