// Verbs, and the words that hold no steps.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/instrument/validate.h"
#include "hw/workflow/checker.h"
#include "hw/workflow/results.h"

namespace ronchi::hw::workflow::internal {

void Checker::RunBlock(const Block& block, State* state) {
  for (const Step& step : block) {
    if (!state->alive) return;  // FindUnreached names it
    RunStep(step, state);
  }
}

void Checker::RunStep(const Step& step, State* state) {
  ++steps_;
  reached_.insert(&step);
  for (size_t i = 0; i < kSides; ++i) state->spent[i].steps += weight_[i];
  if (state->spent[kWorst].steps > budget_.steps) CheckRunBudget(step, *state);
  if (IsCommand(step)) {
    RunCommand(step, state);
  } else if (const auto* let = std::get_if<LetStep>(&step.body)) {
    RunLet(*let, state);
  } else if (const auto* log = std::get_if<LogStep>(&step.body)) {
    CheckWords(log->words, *state);
  } else if (const auto* save = std::get_if<SaveStep>(&step.body)) {
    RunSave(step, *save, state);
  } else if (const auto* wait = std::get_if<WaitStep>(&step.body)) {
    if (const auto t = Take(Number(wait->time, state->scope, Dimension::kTime))) {
      if (t->low < 0 || !std::isfinite(t->high)) {
        Error(wait->time.where, absl::StrCat("'", wait->time.text(),
                                             "': expected a time of 0 s or more, with a bound"));
      } else {
        ChargeTime(step, *t, state);
      }
    }
  } else if (const auto* stop = std::get_if<StopStep>(&step.body)) {
    CheckWords(stop->why, *state);
    EndHere(*state);
    state->alive = false;
  } else if (const auto* loop = std::get_if<ForStep>(&step.body)) {
    RunFor(step, *loop, state);
  } else if (const auto* again = std::get_if<RepeatStep>(&step.body)) {
    RunRepeat(step, *again, state);
  } else if (const auto* choice = std::get_if<IfStep>(&step.body)) {
    RunIf(step, *choice, state);
  } else if (const auto* ask = std::get_if<AskStep>(&step.body)) {
    RunAsk(step, *ask, state);
  } else if (const auto* decide = std::get_if<DecideStep>(&step.body)) {
    RunDecide(step, *decide, state);
  } else if (const auto* part = std::get_if<BudgetStep>(&step.body)) {
    RunBudget(step, *part, state);
  }
}

void Checker::RunCommand(const Step& step, State* state) {
  const auto range = Take(MakeCommand(step, state->scope));
  if (!range) return BindResult(step, Command{}, state);
  State before;  // what a charge looks at
  before.positions = state->positions;
  if (const auto* set = std::get_if<SetStep>(&step.body)) {
    CheckTargets(step, *set, *range, state);
  } else {
    CheckBounds(step, *range);
  }
  CheckBeam(step, range->sides[kWorst], state);
  Charge(step, *range, before, state);
  BindResult(step, range->sides[kExpected], state);
  if (std::holds_alternative<Abort>(range->sides[kWorst])) {
    EndHere(*state);
    state->alive = false;
  }
}

void Checker::CheckBounds(const Step& step, const CommandRange& range) {
  const absl::Status most = CheckCommand(description_, range.sides[kWorst]);
  if (most.ok() && range.exact) return;
  const absl::Status least = CheckCommand(description_, range.sides[kLeast]);
  if (most.ok() && least.ok()) return;
  const absl::Status& bad = most.ok() ? least : most;
  const std::string what(bad.message());
  if (most.ok() || least.ok()) {
    return Guarded(step.where, "cannot be proven to be allowed, guarded at run time: " + what);
  }
  Error(step.where, what);
}

void Checker::CheckTargets(const Step& step, const SetStep& set, const CommandRange& range,
                           State* state) {
  // Names, dimension and writability first; limits for intervals below.
  Set probe = std::get<Set>(range.sides[kExpected]);
  const PropertyInfo* p = description_.FindProperty(probe.property);
  if (p && p->writable && probe.value.dimension == p->dimension) {
    probe.value.si = std::clamp(0.0, p->min, p->max);
    probe.relative = false;
  }
  if (const absl::Status s = CheckCommand(description_, probe); !s.ok()) {
    return Error(step.where, std::string(s.message()));
  }
  const Interval limits = {p->min, p->max};
  Interval& position = state->positions[p->name];
  // By an increment: from where it reads, which is as far off as it is resolved.
  const Interval reads = {position.low - Slack(*p), position.high + Slack(*p)};
  const Interval target = set.relative ? reads + range.value : range.value;
  const auto show = [&](const Interval& i) {
    return Value::Range(i, Exponents::Of(p->dimension)).Show();
  };
  const std::string allowed = absl::StrCat("; allowed: ", show(limits));
  const std::string where = set.value.where;
  // A sum of steps is off by its round-off.
  const double slack = 1e-9 * std::max(std::fabs(p->max), std::fabs(p->min));
  const double margin = std::isfinite(slack) ? slack : 0;
  if (target.low > limits.high + margin || target.high < limits.low - margin) {
    Error(where, absl::StrCat(p->name, " = ", show(target), " is beyond the limits", allowed));
  } else if (target.low < limits.low - margin || target.high > limits.high + margin) {
    Guarded(where, absl::StrCat(p->name, " may be ", show(target),
                                ", which cannot be proven to be in its limits; guarded at run time",
                                allowed));
  } else if (range.exact && !set.relative) {
    if (absl::Status s = CheckTarget(*p, std::clamp(target.low, p->min, p->max)); !s.ok()) {
      Error(where, std::string(s.message()));
    }
  }
  const Interval move = set.relative ? range.value : target - position;
  const double least = move.Contains(0) ? 0 : std::min(std::fabs(move.low), std::fabs(move.high));
  const double most = std::max(std::fabs(move.low), std::fabs(move.high));
  const std::string step_allowed =
      absl::StrCat("; allowed at once: ", Format({p->max_step, p->dimension}));
  if (least > p->max_step * (1 + 1e-9)) {
    Error(where, absl::StrCat(p->name, ": a step of ", show(move), " is too large", step_allowed));
  } else if (most + Slack(*p) > p->max_step * (1 + 1e-9)) {
    Guarded(where,
            absl::StrCat(p->name, ": a step of up to ", Format({most, p->dimension}),
                         " cannot be proven to be allowed; guarded at run time", step_allowed));
  }
  const Interval before = position;
  position = {std::max(target.low, limits.low), std::min(target.high, limits.high)};
  if (!(position.low <= position.high)) position = limits;
  // Within its tolerance it need not stand where it was sent.
  if (const double off = probe.tolerance; off > Slack(*p)) {
    position = {position.low - off, position.high + off};
  }
  if (step.on_fault == Step::OnFault::kContinue) position = Join(position, before);
}

void Checker::CheckBeam(const Step& step, const Command& command, State* state) {
  if (std::holds_alternative<Unblank>(command) || std::holds_alternative<Blank>(command) ||
      std::holds_alternative<Safe>(command)) {
    state->can_be_unblanked = std::holds_alternative<Unblank>(command);
    state->can_be_blanked = !state->can_be_unblanked;
    return;
  }
  const Cost cost = PredictCost(description_, command, 1);
  if (!(cost.electrons > 0) || !state->can_be_blanked) return;
  Error(step.where,
        absl::StrCat("the beam is blanked here",
                     state->can_be_unblanked ? " on some of the ways that lead here" : "",
                     "; put 'unblank' before it"));
  state->can_be_blanked = false;  // one finding is enough
  state->can_be_unblanked = true;
}

void Checker::EndHere(const State& state) { JoinEnds(state, &end_); }

void Checker::Bind(const std::string& name, Value value, State* state) {
  state->scope[name] = std::move(value);
}

void Checker::BindResult(const Step& step, const Command& command, State* state) {
  if (step.as.empty()) return;
  std::map<std::string, Interval> read;  // as it may read: off by as much as it is resolved
  for (const auto& [name, position] : state->positions) {
    const double slack = Slack(*description_.FindProperty(name));
    read[name] = {position.low - slack, position.high + slack};
  }
  auto& foreseen = report_.foreseen[&step];
  for (auto& [name, value] : ForeseenResults(step, command, description_, read)) {
    if (value.type == Type::kNumber) {
      const auto [it, is_new] = foreseen.emplace(name, value.number);
      if (!is_new) it->second = Join(it->second, value.number);
    }
    value.maybe = step.on_fault == Step::OnFault::kContinue;
    Bind(absl::StrCat(step.as, ".", name), value, state);
  }
}

void Checker::RunLet(const LetStep& let, State* state) {
  for (const auto& [name, formula] : let.bindings) {
    auto value = Take(Evaluate(formula, state->scope));
    if (!value) continue;
    const auto old = state->scope.find(name);
    if (old != state->scope.end() && old->second.Kind() != value->Kind()) {
      Error(formula.where,
            absl::StrCat("'", name, "' was a ", old->second.Kind(), " and cannot become a ",
                         value->Kind(), "; take another name"));
      continue;
    }
    value->maybe = false;
    if (value->type == Type::kImage) {
      double& bytes = held_[name];
      bytes = std::max(bytes, HeldBytes(formula));
    }
    Bind(name, std::move(*value), state);
  }
}

// Of the images that an expression names.
double Checker::HeldBytes(const Formula& formula) const {
  double bytes = 0;
  for (const std::string& used : formula.expression.Names()) {
    if (const auto it = held_.find(used.substr(0, used.find('.'))); it != held_.end()) {
      bytes = std::max(bytes, it->second);
    }
  }
  return bytes;
}

// Images that are saved are written once more.
void Checker::RunSave(const Step& step, const SaveStep& save, State* state) {
  for (const auto& [name, formula] : save.values) {
    const auto value = Take(Evaluate(formula, state->scope));
    if (!value || value->type != Type::kImage) continue;
    const double bytes = HeldBytes(formula);
    for (size_t i = 0; i < kSides; ++i) state->spent[i].bytes += weight_[i] * bytes;
  }
  CheckRunBudget(step, *state);
}

void Checker::CheckWords(const Words& words, const State& state) {
  if (const auto text = Fill(words, state.scope); !text.ok()) Error(text.status());
}

void Checker::RunAsk(const Step& step, const AskStep& ask, State* state) {
  CheckWords(ask.question, *state);
  if (!ask.timeout || ask.on_timeout.empty()) {
    Error(step.where, absl::StrCat("an answer may never come: give ",
                                   ask.timeout ? "" : "'timeout' (how long to wait)",
                                   !ask.timeout && ask.on_timeout.empty() ? " and " : "",
                                   ask.on_timeout.empty() ? "'on_timeout' (deny)" : ""));
  }
  if (ask.timeout) {
    if (const auto t = Take(Number(*ask.timeout, state->scope, Dimension::kTime))) {
      if (!(t->high > 0) || !std::isfinite(t->high)) {
        Error(ask.timeout->where, "expected a time above 0, with a bound");
      } else {
        state->person_s += weight_[kWorst] * t->high;
      }
    }
  }
  // Where a person may say no.
  const bool may_end = step.as.empty() || (ask.answer != "yes_no" && ask.on_timeout == "deny");
  if (may_end) EndHere(*state);
  if (ask.answer == "yes_no") {
    Value answer = Value::EitherBool();
    if (!ask.expect.empty()) answer.likely = ask.expect == "yes";
    if (!step.as.empty()) {
      Bind(step.as, std::move(answer), state);
    } else if (ask.expect == "no") {
      Error(step.where, "expect: no ends the run here; give 'as', and decide by it");
    }
    return;
  }
  Dimension dimension;
  if (!DimensionNamed(ask.answer, &dimension)) {
    return Error(step.where, absl::StrCat("answer: '", ask.answer,
                                          "' is not allowed; allowed: yes_no, number, length, "
                                          "angle, time, current, voltage, dose"));
  }
  if (!ask.between) {
    return Error(step.where, "a number has bounds: give 'between: [low, high]'");
  }
  Interval bounds = kAnything;
  if (const auto pair = Take(Pair(*ask.between, state->scope, dimension, false))) {
    bounds = {(*pair)[0].low, (*pair)[1].high};
    if (!(bounds.low <= bounds.high))
      Error(ask.between->where, "expected [low, high], low <= high");
  }
  if (ask.otherwise) {
    if (const auto v = Take(Number(*ask.otherwise, state->scope, dimension))) {
      if (v->low < bounds.low || v->high > bounds.high) {
        Error(ask.otherwise->where, "must lie in 'between'");
      }
    }
  }
  if (!step.as.empty()) Bind(step.as, Value::Range(bounds, Exponents::Of(dimension)), state);
}

void Checker::RunDecide(const Step& step, const DecideStep& decide, State* state) {
  if (options_.agent_problem) {
    if (const std::string problem = options_.agent_problem(decide); !problem.empty()) {
      Error(step.where, problem);
    }
  }
  if (decide.value) {
    if (const auto v = Take(Evaluate(*decide.value, state->scope))) {
      if (v->type != Type::kNumber) {
        Error(decide.value->where,
              absl::StrCat("expected a number to maximise, got a ", v->Kind()));
      }
    }
  }
  for (const auto& [name, formula] : decide.observe) Take(Evaluate(formula, state->scope));
  for (const auto& [name, formula] : decide.outputs) {
    const auto range = Take(Evaluate(formula, state->scope));
    if (!range) continue;
    const bool pair = range->type == Type::kList && range->items.size() == 2 &&
                      range->items[0].high < range->items[1].low &&
                      std::isfinite(range->items[0].low) && std::isfinite(range->items[1].high);
    if (!pair) {
      Error(formula.where, absl::StrCat("'", formula.text(), "': expected [low, high], finite"));
      continue;
    }
    if (step.as.empty()) continue;
    Bind(absl::StrCat(step.as, ".", name),
         Value::Range({range->items[0].low, range->items[1].high}, range->unit), state);
  }
  if (step.as.empty()) {
    Error(step.where, "a decision that nobody looks at; give 'as' and use what it chose");
  }
}

}  // namespace ronchi::hw::workflow::internal
