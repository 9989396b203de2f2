// Loops, branches and budgets within a workflow.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/workflow/checker.h"

namespace ronchi::hw::workflow::internal {
namespace {

// Steps that are followed one by one; after that a loop's rounds are taken together.
constexpr size_t kMostSteps = 200000;
// Rounds after which what still changes from round to round is taken as anything.
constexpr int kMostRounds = 256;

// `after` − `before`, of which dose: the most that came onto one place.
Spending Difference(const Spent& after, const Spent& before) {
  return {after.time_s - before.time_s, after.tally.Since(before.tally).Largest(),
          after.electrons - before.electrons, after.commands - before.commands};
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
    if (steps_ > kMostSteps && i + 1 < n) {  // the rest together
      Interval rest = list->items[i];
      for (size_t j = i; j < n; ++j) rest = Join(rest, list->items[j]);
      Bind(loop.name, Value::Range(rest, list->unit), state);
      Widen(State{}, state);
      const Mark mark{state->spent, forecasts_};
      RunBlock(loop.body, state);
      const double more = double(n - i - 1);
      AddRounds(mark, {more, more, more}, state);
      break;
    }
    Bind(loop.name, Value::Range(list->items[i], list->unit), state);
    RunBlock(loop.body, state);
  }
  state->scope.erase(loop.name);
}

// Whatever differs from `before` may be anything from now on.
void Checker::Widen(const State& before, State* state) {
  for (auto& [name, value] : state->scope) {
    const auto it = before.scope.find(name);
    if (it == before.scope.end() || it->second == value) continue;
    if (value.type == Type::kNumber) value.number = kAnything;
    if (value.type == Type::kBool) value.can_be_true = value.can_be_false = true;
    if (value.type == Type::kText) value = Value::AnyText();
    for (Interval& item : value.items) item = kAnything;
  }
  for (auto& [name, position] : state->positions) {
    const auto it = before.positions.find(name);
    if (it != before.positions.end() && it->second == position) continue;
    const PropertyInfo* p = description_.FindProperty(name);
    position = {p->min, p->max};
  }
}

void Checker::AddRounds(const Mark& before, const std::array<double, kSides>& rounds,
                        State* state) {
  const auto add = [](double& value, double was, double times) {
    if (value > was && times > 0) value += times * (value - was);
  };
  for (size_t i = 0; i < kSides; ++i) {
    if (!(rounds[i] > 0)) continue;
    Spent& now = state->spent[i];
    add(now.time_s, before.spent[i].time_s, rounds[i]);
    add(now.electrons, before.spent[i].electrons, rounds[i]);
    add(now.commands, before.spent[i].commands, rounds[i]);
    now.tally.AddScaled(now.tally.Since(before.spent[i].tally), rounds[i]);
  }
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

void Checker::RunRepeat(const Step& step, const RepeatStep& loop, State* state) {
  const std::optional<Rounds> given = ReadRounds(step, loop, *state);
  std::array<double, kSides> limit = given ? given->limit : std::array<double, kSides>{1, 1, 1};
  const Spending budget = given ? given->budget : Infinite();
  const std::array<Spent, kSides> at_start = state->spent;
  State exits;
  exits.alive = false;
  const std::array<double, kSides> outer = weight_;
  bool certain_end = false;
  int round = 0;
  for (; state->alive && double(round) < limit[kWorst]; ++round) {
    const State before = *state;
    const auto forecasts = forecasts_;
    for (size_t i = 0; i < kSides; ++i) weight_[i] = double(round) < limit[i] ? outer[i] : 0;
    RunBlock(loop.body, state);
    if (!state->alive) break;
    // A budget gives the number of rounds once it is known what one costs.
    Spending worst = Difference(state->spent[kWorst], before.spent[kWorst]);
    if (outer[kWorst] > 0) {
      worst.time_s /= outer[kWorst], worst.commands /= outer[kWorst];
      worst.dose_e_per_m2 /= outer[kWorst];
    }
    Spending& most = report_.rounds[&step];
    most.time_s = std::max(most.time_s, worst.time_s);
    most.dose_e_per_m2 = std::max(most.dose_e_per_m2, worst.dose_e_per_m2);
    most.commands = std::max(most.commands, worst.commands);
    if (round == 0 && !loop.budget.empty()) {
      if (RoundsIn(budget, worst) < 1) {
        Error(loop.budget.where,
              absl::StrFormat("not even one round may fit: it may take %.4g s, %.4g e/A^2 and %.0f "
                              "commands",
                              worst.time_s, worst.dose_e_per_m2 * 1e-20, worst.commands));
      }
      for (size_t i = 0; i < kSides; ++i) {
        // A round begins while the most that one may take is left.
        const double w = outer[i] > 0 ? outer[i] : 1;
        Spending cost = Difference(state->spent[i], before.spent[i]);
        cost.time_s /= w, cost.dose_e_per_m2 /= w, cost.commands /= w;
        Spending left = budget;
        if (i != kWorst) {
          left.time_s -= worst.time_s, left.dose_e_per_m2 -= worst.dose_e_per_m2;
          left.commands -= worst.commands;
        }
        const Spending& least =
            i == kWorst ? Difference(state->spent[kLeast], before.spent[kLeast]) : cost;
        const double rounds = RoundsIn(left, i == kWorst && outer[kLeast] == 1 ? least : cost);
        limit[i] = std::max(1.0, std::min(limit[i], i == kWorst ? rounds : rounds + 1));
      }
      if (std::isinf(limit[kWorst])) {
        Error(step.where, "its rounds cost nothing of what its budget counts; it may never end");
        break;
      }
    }
    if (loop.until) {
      const auto done = Take(Evaluate(*loop.until, state->scope));
      if (done && done->type != Type::kBool) {
        Error(loop.until->where, absl::StrCat("'", loop.until->text(),
                                              "': expected true or false, got a ", done->Kind()));
      }
      if (!done || done->type != Type::kBool) break;
      certain_end = !done->can_be_false;
      if (certain_end) break;
      if (done->can_be_true) JoinStates(*state, &exits);
    }
    const bool same = SameKnowledge(before, *state);
    if (same && double(round) + 1 < limit[kWorst]) {  // and so are all the rounds to come
      std::array<double, kSides> more;
      for (size_t i = 0; i < kSides; ++i) {
        more[i] = std::max(0.0, limit[i] - double(round) - 1);
        // The last round counted for nothing where the limit was reached before.
        if (weight_[i] == 0) more[i] = 0;
      }
      AddRounds({before.spent, forecasts}, more, state);
      break;
    }
    if (round >= kMostRounds || steps_ > kMostSteps) Widen(before, state);
  }
  weight_ = outer;
  if (given && !loop.budget.empty()) {  // never more than the budget
    Spent& now = state->spent[kWorst];
    const Spent& was = at_start[kWorst];
    now.time_s = std::min(now.time_s, was.time_s + outer[kWorst] * budget.time_s);
    now.commands = std::min(now.commands, was.commands + outer[kWorst] * budget.commands);
    const Tally since = now.tally.Since(was.tally);
    const double dose = since.Largest(), allowed = outer[kWorst] * budget.dose_e_per_m2;
    if (dose > allowed) {
      now.tally = was.tally;
      now.tally.AddScaled(since, allowed / dose);
    }
  }
  if (!given && !loop.until) {  // endless: nothing comes after it
    state->alive = false;
    return;
  }
  if (exits.alive) {  // what is spent is what the last way spent
    const auto spent = state->spent;
    const double person_s = state->person_s;
    JoinStates(std::move(exits), state);
    state->spent = spent;
    state->person_s = std::max(state->person_s, person_s);
  }
  CheckRunBudget(step, *state);
}

void Checker::RunBudget(const Step& step, const BudgetStep& part, State* state) {
  const Spending budget = ReadBudget(part.budget, state->scope);
  const Spent before = state->spent[kWorst];
  RunBlock(part.body, state);
  const Spending spent = Difference(state->spent[kWorst], before);
  const double w = weight_[kWorst] > 0 ? weight_[kWorst] : 1;
  const auto refuse = [&](const std::optional<Formula>& f, double value, double allowed,
                          const char* unit) {
    if (f && value > w * allowed * (1 + 1e-9)) {
      Error(f->where, absl::StrFormat("the steps may take %.4g%s; allowed: %.4g%s", value / w, unit,
                                      allowed, unit));
    }
  };
  refuse(part.budget.time, spent.time_s, budget.time_s, " s");
  refuse(part.budget.dose, spent.dose_e_per_m2 * 1e-20, budget.dose_e_per_m2 * 1e-20, " e/A^2");
  refuse(part.budget.commands, spent.commands, budget.commands, " commands");
  (void)step;
}

}  // namespace ronchi::hw::workflow::internal
