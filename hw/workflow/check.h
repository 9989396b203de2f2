// What can be proven of a workflow before anything moves: types, units, capabilities, limits, what
// it will cost at most and what it is expected to cost. The workflow is run with intervals in place
// of what is not known yet; loops are followed round by round as long as that is quick, and after
// that with whatever their rounds change taken as anything.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/status.h"
#include "hw/description.h"
#include "hw/guard_options.h"
#include "hw/workflow/workflow.h"

namespace ronchi::hw::workflow {

struct Finding {
  enum class Severity {
    kError,    // refused
    kGuarded,  // cannot be proven beforehand; the guard decides at run time
    kWarning   // allowed, and probably a mistake
  };
  Severity severity = Severity::kError;
  int line = 0;
  std::string message;  // "file:line: path.key: what; what is allowed"
};
std::string_view SeverityName(Finding::Severity severity);

struct Spending {
  double time_s = 0;         // on the instrument's clock
  double dose_e_per_m2 = 0;  // the largest anywhere on the specimen
  double electrons = 0;      // onto the specimen
  double commands = 0;
};

// One step, all its rounds together.
struct StepForecast {
  int line = 0;
  std::string verb;
  double times = 0;  // at most
  double expected_time_s = 0, worst_time_s = 0;
  double expected_electrons = 0, worst_electrons = 0;
};

struct CheckReport {
  std::vector<Finding> findings;  // in the order of their lines
  Spending expected, worst;
  double person_s = 0;  // at most spent on waiting for people, besides
  std::vector<StepForecast> steps;
  std::map<const Step*, Spending> rounds;  // of a loop with a budget: one round at most
  double guard_dose_e_per_m2 = 0;          // the guard's budget; 0: none was given
  std::map<std::string, double> budget;    // "dose", "time", "commands" of the run, SI
  bool ok() const;                         // no error
};

struct CheckOptions {
  // Of the beam, as expected and at most: for the dose. 0: a workflow that exposes is refused.
  double current_A = 0, worst_current_A = 0;
  // Where writable properties stand, SI; what is missing may stand anywhere in its limits.
  std::map<std::string, double> positions;
  // Whether there is such an agent; "" or what there is. None: any will do.
  std::function<std::string(const DecideStep&)> agent_problem;
};

// The description with the workflow's own limits, which are never wider. InvalidArgument: a limit
// of a property that is not there or cannot be set, or that is empty.
absl::StatusOr<Description> WithLimits(const Workflow& workflow, const Description& description);
// The same limits for a guard, rates among them. InvalidArgument: besides, a rate that is none.
absl::StatusOr<std::map<std::string, Limits>> GuardLimits(const Workflow& workflow,
                                                          const Description& description);
// The constants of `let`, and what every workflow knows: spent.time, spent.dose, spent.electrons,
// spent.commands.
absl::StatusOr<Scope> Constants(const Workflow& workflow);

// The workflow must outlive the report. Errors are findings, all of them that can be found.
CheckReport Check(const Workflow& workflow, const Description& description,
                  const CheckOptions& options);

}  // namespace ronchi::hw::workflow
