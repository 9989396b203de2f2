// What can be proven of a workflow before anything moves: types, units, capabilities, limits, what
// it will cost at most and what it is expected to cost. The workflow is run with intervals in place
// of what is not known yet; loops are followed round by round as long as that is quick, and after
// that once, from a state that holds those before every round to come. docs/hyperlanguage.md names
// what is proven, by which argument, and what the runner enforces so that it holds.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/status.h"
#include "hw/instrument/command.h"
#include "hw/instrument/description.h"
#include "hw/safety/guard_options.h"
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
  double steps = 0;  // of any kind: what a journal grows with
  double bytes = 0;  // of frames, taken and saved
};
// Of a run, unless its budget says otherwise; and of the frames of one command, always.
constexpr double kMostSteps = 1e7, kMostBytes = 1e11, kMostReplyBytes = 2147483648.0;
// What the frames of a command take.
double ReplyBytes(const Description& description, const Command& command);

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
  // How often such a loop goes round at most: it ends there, whatever its rounds have cost.
  std::map<const Step*, double> most_rounds;
  // Of what each step binds, what it can be: a reading beyond it is a fault.
  std::map<const Step*, std::map<std::string, Interval>> foreseen;
  std::map<std::string, double> positions;  // of properties, where the check took them to stand
  double guard_dose_e_per_m2 = 0;           // the guard's budget; 0: none was given
  // "dose", "time", "commands", "steps", "bytes" of the run, SI.
  std::map<std::string, double> budget;
  bool ok() const;  // no error
};

struct CheckOptions {
  // Of the beam, as expected and at most: for the dose. 0: a workflow that exposes is refused.
  double current_A = 0, worst_current_A = 0;
  // Where writable properties stand, SI; what is missing may stand anywhere in its limits.
  std::map<std::string, double> positions;
  // Whether there is such an agent; "" or what there is. None: any will do.
  std::function<std::string(const DecideStep&)> agent_problem;
  // Steps, and rounds of a repeat, that are followed one by one; the rest of a loop is taken
  // together.
  size_t followed_steps = 200000;
  int followed_rounds = 256;
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
