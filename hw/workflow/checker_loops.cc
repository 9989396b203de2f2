// Loops, branches and budgets within a workflow.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/workflow/checker.h"

namespace ronchi::hw::workflow::internal {
namespace {

// Steps beyond those that are followed one by one, after which nothing is followed any more: loops
// in loops in loops.
constexpr size_t kFurtherSteps = 400000;
// Rounds whose states are joined before ends that still move go to infinity.
constexpr int kJoinedRounds = 4, kAllRounds = 64;

// `after` − `before`, of which dose: the most that came onto one place.
Spending Difference(const Spent& after, const Spent& before) {
  return {after.time_s - before.time_s,       after.tally.Since(before.tally).Largest(),
          after.electrons - before.electrons, after.commands - before.commands,
          after.steps - before.steps,         after.bytes - before.bytes};
}

// How many rounds of this cost a budget has room for.
double RoundsIn(const Spending& budget, const Spending& round) {
  const auto rounds = [](double b, double r) {
    if (std::isinf(b)) return kInfinity;
    return r > 0 ? std::floor(b / r * (1 + 1e-9)) : kInfinity;
  };
  return std::min({rounds(budget.time_s, round.time_s),
                   rounds(budget.dose_e_per_m2, round.dose_e_per_m2),
                   rounds(budget.commands, round.commands)});
}

}  // namespace

void Checker::JoinStates(State other, State* state, std::optional<bool> likely) {
  if (!other.alive) return;
  if (!state->alive) {
    *state = std::move(other);
    return;
  }
  for (auto& [name, value] : state->scope) {
    const auto it = other.scope.find(name);
    if (it == other.scope.end()) {
      value.maybe = true;
    } else if (!JoinInto(it->second, &value)) {
      value.maybe = true;  // of two types: using it is the mistake
    }
  }
  for (auto& [name, value] : other.scope) {
    if (state->scope.contains(name)) continue;
    value.maybe = true;
    state->scope.emplace(name, std::move(value));
  }
  for (auto& [name, position] : state->positions) {
    position = Join(position, other.positions.at(name));
  }
  state->can_be_blanked |= other.can_be_blanked;
  state->can_be_unblanked |= other.can_be_unblanked;
  for (size_t i = 0; i < kSides; ++i) {
    Spent &mine = state->spent[i], &theirs = other.spent[i];
    if (i == kExpected && likely) {
      if (!*likely) mine = std::move(theirs);
      continue;
    }
    const auto pick = [&](double a, double b) {
      return i == kLeast ? std::min(a, b) : i == kWorst ? std::max(a, b) : (a + b) / 2;
    };
    mine.time_s = pick(mine.time_s, theirs.time_s);
    mine.electrons = pick(mine.electrons, theirs.electrons);
    mine.commands = pick(mine.commands, theirs.commands);
    mine.steps = pick(mine.steps, theirs.steps);
    mine.bytes = pick(mine.bytes, theirs.bytes);
    if (i == kLeast) mine.tally.JoinSmaller(theirs.tally);
    if (i == kExpected) mine.tally.JoinMean(theirs.tally);
    if (i == kWorst) mine.tally.JoinLarger(theirs.tally);
  }
  state->person_s = std::max(state->person_s, other.person_s);
}

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

// `state` ⊑ the result, and what a round makes of the result ⊑ the result: so it holds what is
// known before every round, by induction, whatever the rounds before were. That a round's outcome
// is included is tested, not taken from the way it was found.
bool Checker::FindInvariant(const Step& step, const Block& body,
                            const std::function<void(State*)>& bind, State* state) {
  const State start = *state;
  const auto forecasts = forecasts_;
  const auto round = [&](const State& from) {
    State s = from;
    bind(&s);
    const std::optional<State> end = end_;
    RunBlock(body, &s);
    end_ = end;  // what is spent is counted once it is known what is known
    return s;
  };
  State known = start;
  bool found = false;
  for (int i = 0; i < kAllRounds && !found && !lost_; ++i) {
    State next = round(known);
    next.spent = start.spent;
    next.person_s = start.person_s;
    if (!next.alive || Includes(known, next)) {
      found = true;
      break;
    }
    State joined = known;
    JoinStates(next, &joined);
    if (i >= kJoinedRounds) {
      for (auto& [name, value] : joined.scope) {
        const auto it = known.scope.find(name);
        if (it == known.scope.end()) continue;
        Value wide = it->second;
        WidenTo(value, &wide);
        wide.maybe |= value.maybe;
        value = std::move(wide);
      }
      for (auto& [name, position] : joined.positions) {
        const PropertyInfo* p = description_.FindProperty(name);
        if (known.positions.at(name) == position) continue;
        position = Join(position, {p->min, p->max});
      }
    }
    known = std::move(joined);
  }
  // One step back down, where that holds too: from the start or from any round's end.
  if (found) {
    State narrow = round(known);
    narrow.spent = start.spent;
    narrow.person_s = start.person_s;
    if (narrow.alive) {
      JoinStates(start, &narrow);
      State after = round(narrow);
      if (!after.alive || Includes(narrow, after)) known = std::move(narrow);
    }
  }
  forecasts_ = forecasts;
  known.spent = start.spent;
  known.person_s = start.person_s;
  *state = std::move(known);
  if (steps_ > options_.followed_steps + kFurtherSteps) lost_ = true;
  if (found && !lost_) return true;
  Error(step.where,
        "what its rounds change cannot be followed to an end; nothing is proven of it: use fewer "
        "loops within loops, or smaller ones");
  return false;
}

Checker::Mark Checker::Begin(const State& state) {
  return {state.spent, state.person_s, forecasts_, std::exchange(end_, std::nullopt)};
}

namespace {

void AddRoundsTo(const Spent& before, double rounds, Spent* now) {
  const auto add = [&](double* value, double was) {
    if (*value > was && rounds > 0) *value += rounds * (*value - was);
  };
  add(&now->time_s, before.time_s);
  add(&now->electrons, before.electrons);
  add(&now->commands, before.commands);
  add(&now->steps, before.steps);
  add(&now->bytes, before.bytes);
  now->tally.AddScaled(now->tally.Since(before.tally), rounds);
}

}  // namespace

// The round since `before` is one of `rounds` more. Where the run may end within it, as many whole
// rounds may have come before.
void Checker::AddRounds(Mark before, const std::array<double, kSides>& rounds, State* state) {
  const auto add = [](double& value, double was, double times) {
    if (value > was && times > 0) value += times * (value - was);
  };
  if (end_) {
    const Spent whole = state->spent[kWorst];
    Spent& at_end = end_->spent[kWorst];
    // A round that never goes on is the last.
    if (state->alive && rounds[kWorst] > 0) {
      Spent more = whole;
      AddRoundsTo(before.spent[kWorst], rounds[kWorst] - 1, &more);
      at_end.time_s += more.time_s - before.spent[kWorst].time_s;
      at_end.electrons += more.electrons - before.spent[kWorst].electrons;
      at_end.commands += more.commands - before.spent[kWorst].commands;
      at_end.steps += more.steps - before.spent[kWorst].steps;
      at_end.bytes += more.bytes - before.spent[kWorst].bytes;
      at_end.tally.AddScaled(more.tally.Since(before.spent[kWorst].tally), 1);
      end_->person_s += rounds[kWorst] * (state->person_s - before.person_s);
    }
  }
  if (before.end) {
    std::optional<State> all = std::move(before.end);
    if (end_) JoinEnds(std::move(*end_), &all);
    end_ = std::move(all);
  }
  if (!state->alive) return;
  for (size_t i = 0; i < kSides; ++i) {
    if (rounds[i] > 0) AddRoundsTo(before.spent[i], rounds[i], &state->spent[i]);
  }
  add(state->person_s, before.person_s, rounds[kWorst]);
  for (auto& [step, now] : forecasts_) {
    const auto it = before.forecasts.find(step);
    const StepForecast was = it == before.forecasts.end() ? StepForecast{} : it->second;
    add(now.times, was.times, rounds[kWorst]);
    add(now.worst_time_s, was.worst_time_s, rounds[kWorst]);
    add(now.worst_electrons, was.worst_electrons, rounds[kWorst]);
    add(now.expected_time_s, was.expected_time_s, rounds[kExpected]);
    add(now.expected_electrons, was.expected_electrons, rounds[kExpected]);
  }
}

Spending Checker::ReadBudget(const Budget& budget, const Scope& scope) {
  Spending s = Infinite();
  const auto take = [&](const std::optional<Formula>& f, Dimension dimension, double* into) {
    if (!f) return;
    const auto v = Take(Number(*f, scope, dimension));
    if (v && !(v->low > 0)) Error(f->where, "must be above 0");
    if (v && v->low > 0) *into = v->low;
  };
  take(budget.dose, Dimension::kDose, &s.dose_e_per_m2);
  take(budget.time, Dimension::kTime, &s.time_s);
  take(budget.commands, Dimension::kNone, &s.commands);
  return s;
}

std::optional<Checker::Rounds> Checker::ReadRounds(const Step& step, const RepeatStep& loop,
                                                   const State& state) {
  Rounds rounds{{kInfinity, kInfinity, kInfinity}, ReadBudget(loop.budget, state.scope)};
  constexpr double kMost = 1e9;
  if (loop.max) {
    if (const auto n = Take(Whole(*loop.max, state.scope, 1, kMost))) {
      rounds.limit = {n->low, (n->low + n->high) / 2, n->high};
    }
  }
  if (loop.expect) {
    if (const auto n = Take(Whole(*loop.expect, state.scope, 1, kMost))) {
      if (loop.max && n->low > rounds.limit[kWorst]) Error(loop.expect->where, "more than max");
      rounds.limit[kExpected] = std::min(rounds.limit[kExpected], n->high);
    }
  }
  if (loop.until) rounds.limit[kLeast] = 1;
  if (loop.max || !loop.budget.empty()) return rounds;
  Error(step.where,
        "may never end; give 'max' (rounds) or a 'budget' of its own, as in "
        "budget: {time: 600 s}");
  return std::nullopt;
}

// A budget gives the number of rounds once it is known what one costs: a round begins while the
// most that one may take is left, so that k rounds were worth (k − 1) of the cheapest and one of
// the dearest. The runner ends the loop at that number of rounds, should they be cheaper still.
void Checker::LimitByBudget(const Step& step, const RepeatStep& loop, const Mark& before,
                            bool first, const State& after, Limits* limits) {
  std::array<Spending, kSides> one;
  for (size_t i = 0; i < kSides; ++i) one[i] = Difference(after.spent[i], before.spent[i]);
  Spending& most = report_.rounds[&step];
  most.time_s = std::max(most.time_s, one[kWorst].time_s);
  most.dose_e_per_m2 = std::max(most.dose_e_per_m2, one[kWorst].dose_e_per_m2);
  most.commands = std::max(most.commands, one[kWorst].commands);
  if (loop.budget.empty()) return;
  if (RoundsIn(limits->budget, most) < 1) {
    Error(loop.budget.where,
          absl::StrFormat("not even one round may fit: it may take %.4g s, %.4g e/A^2 and %.0f "
                          "commands",
                          most.time_s, most.dose_e_per_m2 * 1e-20, most.commands));
  }
  Spending& least = limits->cheapest;
  least.time_s = std::min(least.time_s, one[kLeast].time_s);
  least.dose_e_per_m2 = std::min(least.dose_e_per_m2, one[kLeast].dose_e_per_m2);
  least.commands = std::min(least.commands, one[kLeast].commands);
  limits->rounds[kWorst] = std::max(1.0, RoundsIn(limits->budget, least));
  if (!first) return;
  for (const Side side : {kLeast, kExpected}) {
    Spending left = limits->budget;
    left.time_s -= most.time_s, left.dose_e_per_m2 -= most.dose_e_per_m2;
    left.commands -= most.commands;
    const double w = weight_[side] > 0 ? weight_[side] : 1;
    Spending cost = one[side];
    cost.time_s /= w, cost.dose_e_per_m2 /= w, cost.commands /= w;
    limits->rounds[side] = std::max(1.0, std::min(limits->rounds[side], RoundsIn(left, cost) + 1));
  }
}

void Checker::RunRepeat(const Step& step, const RepeatStep& loop, State* state) {
  const std::optional<Rounds> given = ReadRounds(step, loop, *state);
  const bool endless = !given;
  Limits limits{given ? given->limit : std::array<double, kSides>{1, 1, 1},
                given ? given->budget : Infinite(), Infinite()};
  const std::array<double, kSides> by_max = limits.rounds, outer = weight_;
  const Spent at_start = state->spent[kWorst];
  State exits;
  exits.alive = false;
  const auto weigh = [&](double round) {
    weight_[kExpected] = round < limits.rounds[kExpected] ? outer[kExpected] : 0;
  };
  std::optional<Spent> least;  // what is spent by the fewest rounds that there can be
  // A round from what is known; false: nothing comes after it.
  const auto round = [&](double number, const Mark& mark) {
    weigh(number);
    RunBlock(loop.body, state);
    if (!state->alive) return false;
    LimitByBudget(step, loop, mark, number == 0, *state, &limits);
    limits.rounds[kWorst] = std::min(limits.rounds[kWorst], by_max[kWorst]);
    if (std::isinf(limits.rounds[kWorst])) {
      Error(step.where,
            "its rounds cost nothing of what its budget counts; it may never end: give "
            "it a 'max'");
      return false;
    }
    if (!loop.until) return true;
    const auto done = Take(Evaluate(*loop.until, state->scope));
    if (!done || done->type != Type::kBool) {
      if (done) {
        Error(loop.until->where, absl::StrCat("'", loop.until->text(),
                                              "': expected true or false, got a ", done->Kind()));
      }
      return false;
    }
    if (done->can_be_true) {
      State exit = *state;
      loop.until->expression.Narrow(true, &exit.scope);
      JoinStates(std::move(exit), &exits);
    }
    if (!done->can_be_false) state->alive = false;
    if (state->alive) loop.until->expression.Narrow(false, &state->scope);
    return state->alive;
  };
  for (int n = 0;; ++n) {
    const State before = *state;
    const Mark mark = Begin(before);
    const bool goes_on = round(n, mark);
    const bool last = !goes_on || double(n) + 1 >= limits.rounds[kWorst];
    if (!least && double(n) + 1 >= limits.rounds[kLeast]) least = state->spent[kLeast];
    if (!last && Includes(before, *state)) {  // and so are all the rounds to come
      std::array<double, kSides> more;
      for (size_t i = 0; i < kSides; ++i) {
        more[i] = weight_[i] == 0 ? 0 : std::max(0.0, limits.rounds[i] - double(n) - 1);
      }
      AddRounds(mark, more, state);
      break;
    }
    AddRounds(mark, {0, 0, 0}, state);
    if (last) break;
    if (n + 1 < options_.followed_rounds && steps_ <= options_.followed_steps) continue;
    weigh(n + 1);
    if (!FindInvariant(
            step, loop.body, [](State*) {}, state))
      break;
    const Mark rest = Begin(*state);
    if (round(n + 1, rest)) {
      std::array<double, kSides> more;
      for (size_t i = 0; i < kSides; ++i) {
        more[i] = weight_[i] == 0 ? 0 : std::max(0.0, limits.rounds[i] - double(n) - 2);
      }
      AddRounds(rest, more, state);
    } else {
      AddRounds(rest, {0, 0, 0}, state);
    }
    break;
  }
  weight_ = outer;
  if (!loop.budget.empty()) {
    double& most = report_.most_rounds[&step];
    most = std::max(most, limits.rounds[kWorst]);
  }
  if (least) state->spent[kLeast] = std::move(*least);
  if (exits.alive) {  // what is spent is what the last way spent
    const auto spent = state->spent;
    const double person_s = state->person_s;
    JoinStates(std::move(exits), state);
    state->spent = spent;
    state->person_s = std::max(state->person_s, person_s);
  }
  if (endless && !loop.until) state->alive = false;  // nothing comes after it
  if (!state->alive) return;
  CapByBudget(loop, limits.budget, at_start, state);
  CheckRunBudget(step, *state);
}

// The runner ends a loop before what would pass its budget.
void Checker::CapByBudget(const RepeatStep& loop, const Spending& budget, const Spent& was,
                          State* state) {
  if (loop.budget.empty()) return;
  Spent& now = state->spent[kWorst];
  now.time_s = std::min(now.time_s, was.time_s + budget.time_s);
  now.commands = std::min(now.commands, was.commands + budget.commands);
  if (std::isinf(budget.dose_e_per_m2)) return;
  const Tally since = now.tally.Since(was.tally).CappedAt(budget.dose_e_per_m2);
  now.tally = was.tally;
  now.tally.AddScaled(since, 1);
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
