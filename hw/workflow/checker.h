// The inside of check.h: what is known at a point of the workflow, and one function for each step.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "hw/cost.h"
#include "hw/workflow/check.h"
#include "hw/workflow/commands.h"
#include "hw/workflow/tally.h"

namespace ronchi::hw::workflow::internal {

// Spent so far on one side (at least, as expected, at most).
struct Spent {
  double time_s = 0, electrons = 0, commands = 0;
  Tally tally;
};

// What is known between two steps.
struct State {
  bool alive = true;  // false: nothing comes here
  Scope scope;
  std::map<std::string, Interval> positions;  // of writable properties, SI
  bool can_be_blanked = true, can_be_unblanked = false;
  std::array<Spent, kSides> spent;
  double person_s = 0;
};
// Apart from what was spent.
bool SameKnowledge(const State& a, const State& b);

class Checker {
 public:
  Checker(const Workflow& workflow, const Description& description, const CheckOptions& options);
  CheckReport Run();

 private:
  // Findings: one for each place and severity.
  void Find(Finding::Severity severity, const std::string& message);
  void Error(const absl::Status& status);
  void Error(const std::string& where, const std::string& what) {
    Find(Finding::Severity::kError, where + ": " + what);
  }
  void Guarded(const std::string& where, const std::string& what) {
    Find(Finding::Severity::kGuarded, where + ": " + what);
  }
  void Warn(const std::string& where, const std::string& what) {
    Find(Finding::Severity::kWarning, where + ": " + what);
  }
  // The value, or a finding and nothing.
  template <class T>
  std::optional<T> Take(absl::StatusOr<T> value) {
    if (value.ok()) return std::move(*value);
    Error(value.status());
    return std::nullopt;
  }

  // checker.cc
  void ReadLimits();
  void ReadBudget();
  void FindUnreached(const Block& block, const std::string& why);
  void FindUnused();
  void CheckGuardDose(const State& end);
  void Finish(const State& end);

  // checker_steps.cc: verbs and what has no steps inside.
  void RunBlock(const Block& block, State* state);
  void RunStep(const Step& step, State* state);
  void RunCommand(const Step& step, State* state);
  void CheckBounds(const Step& step, const CommandRange& range);
  void CheckTargets(const Step& step, const SetStep& set, const CommandRange& range, State* state);
  void CheckBeam(const Step& step, const Command& command, State* state);
  void Charge(const Step& step, const CommandRange& range, const State& before, State* state);
  void ChargeTime(const Step& step, double seconds, State* state);
  void CheckRunBudget(const Step& step, const State& state);
  void BindResult(const Step& step, const Command& command, State* state);
  void Bind(const std::string& name, Value value, State* state);
  void RunLet(const LetStep& let, State* state);
  void RunAsk(const Step& step, const AskStep& ask, State* state);
  void RunDecide(const Step& step, const DecideStep& decide, State* state);
  void CheckWords(const Words& words, const State& state);

  // checker_loops.cc
  void RunFor(const Step& step, const ForStep& loop, State* state);
  void RunRepeat(const Step& step, const RepeatStep& loop, State* state);
  void RunIf(const Step& step, const IfStep& choice, State* state);
  void RunBudget(const Step& step, const BudgetStep& part, State* state);
  struct Rounds {
    std::array<double, kSides> limit;  // by max and until
    Spending budget;                   // infinite where there is none
  };
  std::optional<Rounds> ReadRounds(const Step& step, const RepeatStep& loop, const State& state);
  Spending ReadBudget(const Budget& budget, const Scope& scope);
  // More of the same, `rounds` times on each side.
  struct Mark {  // what was spent and foreseen before a round
    std::array<Spent, kSides> spent;
    std::map<const Step*, StepForecast> forecasts;
  };
  void AddRounds(const Mark& before, const std::array<double, kSides>& rounds, State* state);
  void Widen(const State& before, State* state);
  // `likely`: which way the forecast takes, the one of `state` or the other; without, their mean.
  void JoinStates(State other, State* state, std::optional<bool> likely = {});

  const Workflow& workflow_;
  Description description_;
  const CheckOptions& options_;
  CheckReport report_;
  std::set<std::pair<int, std::string>> found_;
  std::set<const Step*> reached_;
  struct Branches {
    bool then = false, otherwise = false;
  };
  std::map<const Step*, Branches> branches_;
  std::map<const Step*, StepForecast> forecasts_;
  std::vector<State> ends_;                        // where the run may end before its last step
  std::array<double, kSides> weight_ = {1, 1, 1};  // how often the present round counts
  Spending budget_;                                // of the run; infinite where there is none
  size_t steps_ = 0;                               // looked at so far
  bool in_handler_ = false;
};

Spending Total(const Spent& spent);
Spending Infinite();

}  // namespace ronchi::hw::workflow::internal
