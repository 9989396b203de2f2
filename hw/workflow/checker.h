// The inside of check.h: what is known at a point of the workflow, and one function for each step.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hw/instrument/cost.h"
#include "hw/workflow/check.h"
#include "hw/workflow/commands.h"
#include "hw/workflow/tally.h"

namespace ronchi::hw::workflow::internal {

// Spent so far on one side (at least, as expected, at most).
struct Spent {
  double time_s = 0, electrons = 0, commands = 0, steps = 0, bytes = 0;
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
// Whether all that can be at `inner` can be at `outer`, apart from what was spent.
bool Includes(const State& outer, const State& inner);

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
  void AddHandler(State* end);
  void Finish(const State& end);

  // checker_steps.cc: verbs and what has no steps inside.
  void RunBlock(const Block& block, State* state);
  void RunStep(const Step& step, State* state);
  void RunCommand(const Step& step, State* state);
  void CheckBounds(const Step& step, const CommandRange& range);
  void CheckTargets(const Step& step, const SetStep& set, const CommandRange& range, State* state);
  void CheckBeam(const Step& step, const Command& command, State* state);
  // Where the run may end: `state` as it is then.
  void EndHere(const State& state);

  // checker_costs.cc: time, electrons, dose by place, data.
  void Charge(const Step& step, const CommandRange& range, const State& before, State* state);
  void ChargeTime(const Step& step, const Interval& seconds, State* state);
  void ChargeData(const Step& step, const Command& command, State* state);
  void CheckRunBudget(const Step& step, const State& state);
  // How far a set drives its property, least, likely, most.
  std::array<double, kSides> Ways(const SetStep& set, const Interval& value,
                                  const State& before) const;
  // Where a property of the instrument stands, as wide as it is not known; 0 if there is none.
  Interval Stands(const char* property, const State& state) const;
  void AddDose(const CommandRange& range, Side side, const Cost& cost, const State& state,
               Tally* tally) const;

  // checker_steps.cc
  void BindResult(const Step& step, const Command& command, State* state);
  void Bind(const std::string& name, Value value, State* state);
  void RunLet(const LetStep& let, State* state);
  double HeldBytes(const Formula& formula) const;
  void RunSave(const Step& step, const SaveStep& save, State* state);
  void RunAsk(const Step& step, const AskStep& ask, State* state);
  void RunDecide(const Step& step, const DecideStep& decide, State* state);
  void CheckWords(const Words& words, const State& state);

  // checker_join.cc
  // `likely`: which way the forecast takes, the one of `state` or the other; without, their mean.
  void JoinStates(State other, State* state, std::optional<bool> likely = {});
  void WidenFrom(const State& known, State* joined) const;
  // One round after another from `state` on, `bind` before each: `state` becomes one that holds
  // what is known before every round. False: not found in time, which is an error.
  bool FindInvariant(const Step& step, const Block& body, const std::function<void(State*)>& bind,
                     State* state);

  // checker_rounds.cc
  struct Rounds {
    std::array<double, kSides> limit;  // by max and until
    Spending budget;                   // infinite where there is none
  };
  std::optional<Rounds> ReadRounds(const Step& step, const RepeatStep& loop, const State& state);
  Spending ReadBudget(const Budget& budget, const Scope& scope);
  // More of the same, `rounds` times on each side.
  struct Mark {  // what was spent and foreseen before a round
    std::array<Spent, kSides> spent;
    double person_s = 0;
    std::map<const Step*, StepForecast> forecasts;
    std::optional<State> end;  // where the run may end before it
  };
  Mark Begin(const State& state);
  void AddRounds(Mark before, const std::array<double, kSides>& rounds, State* state);
  struct Limits {  // how often a loop goes round, as far as that is known
    std::array<double, kSides> rounds;
    Spending budget, cheapest;
  };
  void LimitByBudget(const Step& step, const RepeatStep& loop, const Mark& before, bool first,
                     const State& after, Limits* limits);
  void CapByBudget(const RepeatStep& loop, const Spending& budget, const Spent& was, State* state);

  // checker_loops.cc
  void RunFor(const Step& step, const ForStep& loop, State* state);
  void RunRepeat(const Step& step, const RepeatStep& loop, State* state);
  void RunIf(const Step& step, const IfStep& choice, State* state);
  void RunBudget(const Step& step, const BudgetStep& part, State* state);
  struct Repeating {  // a repeat, while its rounds are followed
    const Step& step;
    const RepeatStep& loop;
    Limits limits;
    double by_max;                     // rounds at most
    std::array<double, kSides> outer;  // weights outside of it
    State exits;                       // where it may end by its condition
    std::optional<Spent> least;        // by the fewest rounds that there can be
  };
  void FollowRounds(Repeating* r, State* state);
  bool RunRound(double number, const Mark& mark, Repeating* r, State* state);
  bool GoesOn(const Formula& until, State* exits, State* state);
  void AddRest(double done, Mark mark, const Repeating& r, State* state);

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
  std::optional<State> end_;                       // where the run may end before its last step
  std::array<double, kSides> weight_ = {1, 1, 1};  // how often the present round counts
  std::map<std::string, double> held_;             // bytes of images, by the name they are kept by
  Spending budget_;                                // of the run; infinite where there is none
  size_t steps_ = 0;                               // looked at so far
  bool in_handler_ = false, lost_ = false;
  double safe_sum_ = 0;  // of doses: below it no place has passed the budget when last looked
  int looks_ = 0;
};

Spending Total(const Spent& spent);
// `after` − `before`, of which dose: the most that came onto one place.
Spending Difference(const Spent& after, const Spent& before);
Spending Infinite();
// `from` also where the run has ended otherwise: more is spent there, if it is.
void JoinEnds(State other, std::optional<State>* end);

}  // namespace ronchi::hw::workflow::internal
