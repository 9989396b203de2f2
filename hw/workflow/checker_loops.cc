// Loops, branches and budgets within a workflow.
#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/workflow/checker.h"

namespace ronchi::hw::workflow::internal {

void Checker::RunIf(const Step& step, const IfStep& choice, State* state) {
  const auto condition = Take(Evaluate(choice.condition, state->scope));
  bool can_be_true = true, can_be_false = true;
  if (condition && condition->type != Type::kBool) {
    Error(choice.condition.where,
          absl::StrCat("'", choice.condition.text(), "': expected true or false, got a ",
                       condition->Kind()));
  } else if (condition) {
    can_be_true = condition->can_be_true;
    can_be_false = condition->can_be_false;
  }
  Branches& reached = branches_[&step];
  reached.then |= can_be_true;
  reached.otherwise |= can_be_false;
  if (!can_be_false) return RunBlock(choice.then, state);
  if (!can_be_true) return RunBlock(choice.otherwise, state);
  State other = *state;
  choice.condition.expression.Narrow(true, &state->scope);
  choice.condition.expression.Narrow(false, &other.scope);
  const std::optional<bool> likely = condition ? condition->likely : std::nullopt;
  const double weight = weight_[kExpected];
  if (likely && !*likely) weight_[kExpected] = 0;
  RunBlock(choice.then, state);
  weight_[kExpected] = likely && *likely ? 0 : weight;
  RunBlock(choice.otherwise, &other);
  weight_[kExpected] = weight;
  JoinStates(std::move(other), state, likely);
}

void Checker::RunFor(const Step& step, const ForStep& loop, State* state) {
  auto list = Take(Evaluate(loop.in, state->scope));
  if (list && list->type != Type::kList) {
    Error(loop.in.where, absl::StrCat("'", loop.in.text(), "': expected a list, got a ",
                                      list->Kind(), "; as in [1, 2, 3] or linspace(a, b, n)"));
    list.reset();
  }
  if (list && list->items.empty()) {
    Error(loop.in.where, "an empty list: the steps would never run");
    list.reset();
  }
  if (!list) list = Value::List({kAnything}, {});
  if (state->scope.contains(loop.name)) {
    Error(step.where, absl::StrCat("'", loop.name, "' is bound already; take another name"));
  }
  const size_t n = list->items.size();
  for (size_t i = 0; i < n && state->alive; ++i) {
    if (steps_ > options_.followed_steps && i + 1 < n) {  // the rest together
      Interval rest = list->items[i];
      for (size_t j = i; j < n; ++j) rest = Join(rest, list->items[j]);
      const Value any = Value::Range(rest, list->unit);
      const auto bind = [&](State* s) { Bind(loop.name, any, s); };
      if (!FindInvariant(step, loop.body, bind, state)) break;
      bind(state);
      const Mark mark = Begin(*state);
      RunBlock(loop.body, state);
      const double more = double(n - i - 1);
      AddRounds(mark, {more, more, more}, state);
      break;
    }
    Bind(loop.name, Value::Range(list->items[i], list->unit), state);
    RunBlock(loop.body, state);
  }
  state->scope.erase(loop.name);
  CheckRunBudget(step, *state);
}

// A round from what is known; false: nothing comes after it.
bool Checker::RunRound(double number, const Mark& mark, Repeating* r, State* state) {
  weight_[kExpected] = number < r->limits.rounds[kExpected] ? r->outer[kExpected] : 0;
  RunBlock(r->loop.body, state);
  if (!state->alive) return false;
  LimitByBudget(r->step, r->loop, mark, number == 0, *state, &r->limits);
  r->limits.rounds[kWorst] = std::min(r->limits.rounds[kWorst], r->by_max);
  if (std::isinf(r->limits.rounds[kWorst])) {
    Error(r->step.where,
          "its rounds cost nothing of what its budget counts; it may never end: give it a 'max'");
    return false;
  }
  return r->loop.until ? GoesOn(*r->loop.until, &r->exits, state) : true;
}

// After a round: whether another may come. What is known where the loop ends is joined to `exits`.
bool Checker::GoesOn(const Formula& until, State* exits, State* state) {
  const auto done = Take(Evaluate(until, state->scope));
  if (!done) return false;
  if (done->type != Type::kBool) {
    Error(until.where,
          absl::StrCat("'", until.text(), "': expected true or false, got a ", done->Kind()));
    return false;
  }
  if (done->can_be_true) {
    State exit = *state;
    until.expression.Narrow(true, &exit.scope);
    JoinStates(std::move(exit), exits);
  }
  if (!done->can_be_false) state->alive = false;
  if (state->alive) until.expression.Narrow(false, &state->scope);
  return state->alive;
}

// The last round stands for those that may come when `done` of them have been followed.
void Checker::AddRest(double done, Mark mark, const Repeating& r, State* state) {
  std::array<double, kSides> more;
  for (size_t i = 0; i < kSides; ++i) {
    more[i] = weight_[i] == 0 ? 0 : std::max(0.0, r.limits.rounds[i] - done);
  }
  AddRounds(std::move(mark), more, state);
}

// One round after another; the rest together, once a round changes nothing that is known or there
// are too many to follow.
void Checker::FollowRounds(Repeating* r, State* state) {
  for (int n = 0;; ++n) {
    const State before = *state;
    const Mark mark = Begin(before);
    const bool goes_on = RunRound(n, mark, r, state);
    const bool last = !goes_on || double(n) + 1 >= r->limits.rounds[kWorst];
    if (!r->least && double(n) + 1 >= r->limits.rounds[kLeast]) r->least = state->spent[kLeast];
    if (!last && Includes(before, *state)) {  // and so are all the rounds to come
      return AddRest(double(n) + 1, mark, *r, state);
    }
    AddRounds(mark, {0, 0, 0}, state);
    if (last) return;
    if (n + 1 < options_.followed_rounds && steps_ <= options_.followed_steps) continue;
    weight_[kExpected] = double(n) + 1 < r->limits.rounds[kExpected] ? r->outer[kExpected] : 0;
    const auto binds_nothing = [](State*) {};
    if (!FindInvariant(r->step, r->loop.body, binds_nothing, state)) return;
    const Mark rest = Begin(*state);
    if (RunRound(double(n) + 1, rest, r, state)) return AddRest(double(n) + 2, rest, *r, state);
    return AddRounds(rest, {0, 0, 0}, state);
  }
}

void Checker::RunRepeat(const Step& step, const RepeatStep& loop, State* state) {
  const std::optional<Rounds> given = ReadRounds(step, loop, *state);
  const Rounds rounds = given.value_or(Rounds{{1, 1, 1}, Infinite()});
  Repeating r{
      step, loop,        {rounds.limit, rounds.budget, Infinite()}, rounds.limit[kWorst], weight_,
      {},   std::nullopt};
  r.exits.alive = false;
  const Spent at_start = state->spent[kWorst];
  FollowRounds(&r, state);
  weight_ = r.outer;
  if (!loop.budget.empty()) {
    double& most = report_.most_rounds[&step];
    most = std::max(most, r.limits.rounds[kWorst]);
  }
  if (r.least) state->spent[kLeast] = std::move(*r.least);
  if (r.exits.alive) {  // what is spent is what the last way spent
    const auto spent = state->spent;
    const double person_s = state->person_s;
    JoinStates(std::move(r.exits), state);
    state->spent = spent;
    state->person_s = std::max(state->person_s, person_s);
  }
  if (!given && !loop.until) state->alive = false;  // nothing comes after it
  if (!state->alive) return;
  CapByBudget(loop, r.limits.budget, at_start, state);
  CheckRunBudget(step, *state);
}

void Checker::RunBudget(const Step& step, const BudgetStep& part, State* state) {
  const Spending budget = ReadBudget(part.budget, state->scope);
  const Spent before = state->spent[kWorst];
  RunBlock(part.body, state);
  const Spending spent = Difference(state->spent[kWorst], before);
  const auto refuse = [&](const std::optional<Formula>& f, double value, double allowed,
                          const char* unit) {
    if (f && value > allowed * (1 + 1e-9)) {
      Error(f->where, absl::StrFormat("the steps may take %.4g%s; allowed: %.4g%s", value, unit,
                                      allowed, unit));
    }
  };
  refuse(part.budget.time, spent.time_s, budget.time_s, " s");
  refuse(part.budget.dose, spent.dose_e_per_m2 * 1e-20, budget.dose_e_per_m2 * 1e-20, " e/A^2");
  refuse(part.budget.commands, spent.commands, budget.commands, " commands");
  (void)step;
}

}  // namespace ronchi::hw::workflow::internal
