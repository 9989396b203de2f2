#include "hw/workflow/checker.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/safety/dose_ledger.h"
#include "hw/workflow/guard_limits.h"
#include "hw/workflow/names.h"

namespace ronchi::hw::workflow {

std::string_view SeverityName(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::kGuarded:
      return "guarded";
    case Finding::Severity::kWarning:
      return "warning";
    case Finding::Severity::kError:
      break;
  }
  return "error";
}

bool CheckReport::ok() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& f) { return f.severity == Finding::Severity::kError; });
}

absl::StatusOr<Scope> Constants(const Workflow& workflow) {
  Scope scope;
  const auto spent = [&](const char* name, Dimension dimension) {
    scope[absl::StrCat("spent.", name)] = Value::Range({0, kInfinity}, Exponents::Of(dimension));
  };
  spent("time", Dimension::kTime);
  spent("dose", Dimension::kDose);
  spent("electrons", Dimension::kNone);
  spent("commands", Dimension::kNone);
  for (const auto& [name, formula] : workflow.constants.bindings) {
    RONCHI_ASSIGN_OR_RETURN(Value v, EvaluateExactly(formula, scope));
    scope[name] = std::move(v);
  }
  return scope;
}

absl::StatusOr<Description> WithLimits(const Workflow& workflow, const Description& description) {
  Description d = description;
  RONCHI_ASSIGN_OR_RETURN(const Scope scope, Constants(workflow));
  for (const PropertyLimits& l : workflow.limits) {
    const auto refuse = [&](const std::string& what) {
      return absl::InvalidArgumentError(absl::StrCat(l.where, ": ", what));
    };
    PropertyInfo* p = nullptr;
    for (PropertyInfo& candidate : d.properties) {
      if (candidate.name == l.property) p = &candidate;
    }
    if (!p || !p->writable) {
      return refuse(absl::StrCat("limits of '", l.property, "', which cannot be set; there are: ",
                                 internal::WritableNames(d)));
    }
    const auto take = [&](const std::optional<Formula>& f, double* into,
                          bool lower) -> absl::Status {
      if (!f) return absl::OkStatus();
      RONCHI_ASSIGN_OR_RETURN(const Interval v, internal::LimitOf(*f, scope, *p));
      *into = lower ? std::max(*into, v.low) : std::min(*into, v.high);
      return absl::OkStatus();
    };
    RONCHI_RETURN_IF_ERROR(take(l.min, &p->min, true));
    RONCHI_RETURN_IF_ERROR(take(l.max, &p->max, false));
    RONCHI_RETURN_IF_ERROR(take(l.step, &p->max_step, false));
    if (!(p->min <= p->max) || !(p->max_step > 0)) {
      return refuse(absl::StrCat("nothing is left of the limits: ", Format({p->min, p->dimension}),
                                 " … ", Format({p->max, p->dimension}), ", steps up to ",
                                 Format({p->max_step, p->dimension})));
    }
  }
  return d;
}

CheckReport Check(const Workflow& workflow, const Description& description,
                  const CheckOptions& options) {
  return internal::Checker(workflow, description, options).Run();
}

namespace internal {

Spending Infinite() { return {kInfinity, kInfinity, kInfinity, kInfinity, kInfinity, kInfinity}; }

Spending Total(const Spent& s) {
  return {s.time_s, s.tally.Largest(), s.electrons, s.commands, s.steps, s.bytes};
}

bool Includes(const State& outer, const State& inner) {
  if (!inner.alive) return true;
  if (!outer.alive) return false;
  for (const auto& [name, value] : inner.scope) {
    const auto it = outer.scope.find(name);
    if (it == outer.scope.end() || !Includes(it->second, value)) return false;
  }
  for (const auto& [name, value] : outer.scope) {
    if (!value.maybe && !inner.scope.contains(name)) return false;
  }
  for (const auto& [name, position] : inner.positions) {
    if (!Includes(outer.positions.at(name), position)) return false;
  }
  return (outer.can_be_blanked || !inner.can_be_blanked) &&
         (outer.can_be_unblanked || !inner.can_be_unblanked);
}

void JoinEnds(State other, std::optional<State>* end) {
  if (!*end) {
    *end = std::move(other);
    return;
  }
  State& mine = **end;
  Spent &a = mine.spent[kWorst], &b = other.spent[kWorst];
  a.time_s = std::max(a.time_s, b.time_s);
  a.electrons = std::max(a.electrons, b.electrons);
  a.commands = std::max(a.commands, b.commands);
  a.steps = std::max(a.steps, b.steps);
  a.bytes = std::max(a.bytes, b.bytes);
  a.tally.JoinLarger(b.tally);
  mine.person_s = std::max(mine.person_s, other.person_s);
  for (const size_t side : {size_t{kLeast}, size_t{kExpected}}) {
    mine.spent[side] = std::move(other.spent[side]);  // what comes last is what is expected
  }
}

Checker::Checker(const Workflow& workflow, const Description& description,
                 const CheckOptions& options)
    : workflow_(workflow), description_(description), options_(options), budget_(Infinite()) {}

void Checker::Find(Finding::Severity severity, const std::string& message) {
  // A place is "file:line: path"; what an override wrote has no line.
  Finding f{severity, 0, message};
  const std::string prefix = workflow_.file + ":";
  if (absl::StartsWith(message, prefix)) {
    const size_t end = message.find(':', prefix.size());
    if (!absl::SimpleAtoi(message.substr(prefix.size(), end - prefix.size()), &f.line)) f.line = 0;
  }
  // In another round of a loop the same mistake is not another one.
  const size_t path = message.find(": ");
  const size_t what = message.find(": ", path == std::string::npos ? 0 : path + 2);
  if (!found_.emplace(int(severity), message.substr(0, what)).second) return;
  report_.findings.push_back(std::move(f));
}

void Checker::Error(const absl::Status& status) {
  Find(Finding::Severity::kError, std::string(status.message()));
}

void Checker::ReadLimits() {
  if (auto limited = Take(WithLimits(workflow_, description_))) description_ = std::move(*limited);
}

void Checker::ReadBudget() {
  absl::StatusOr<Scope> scope = Constants(workflow_);
  if (!scope.ok()) return Error(scope.status());
  budget_ = ReadBudget(workflow_.budget, *scope);
  const auto keep = [&](const char* name, double value) {
    if (std::isfinite(value)) report_.budget[name] = value;
  };
  keep("dose", budget_.dose_e_per_m2);
  keep("time", budget_.time_s);
  keep("commands", budget_.commands);
  report_.budget["steps"] = budget_.steps = kMostSteps;
  report_.budget["bytes"] = budget_.bytes = kMostBytes;
  const auto own = [&](const std::optional<Formula>& f, const char* name, double unit,
                       double* into) {
    if (!f) return;
    const auto v = Take(Number(*f, *scope, Dimension::kNone));
    if (v && !(v->low > 0 && std::isfinite(v->low))) return Error(f->where, "must be above 0");
    if (v) report_.budget[name] = *into = v->low * unit;
  };
  constexpr double kBytesPerGB = 1e9;
  own(workflow_.budget.steps, "steps", 1, &budget_.steps);
  own(workflow_.budget.data_GB, "bytes", kBytesPerGB, &budget_.bytes);
  if (std::isfinite(budget_.dose_e_per_m2)) report_.guard_dose_e_per_m2 = budget_.dose_e_per_m2;
  if (!workflow_.guard_dose) return;
  if (const auto dose = Take(Number(*workflow_.guard_dose, *scope, Dimension::kDose))) {
    if (!(dose->low > 0)) return Error(workflow_.guard_dose->where, "must be above 0");
    report_.guard_dose_e_per_m2 = dose->low;
  }
}

// Steps that nothing leads to: of each block the first, with the reason.
void Checker::FindUnreached(const Block& block, const std::string& why) {
  const Step* before = nullptr;
  for (const Step& step : block) {
    if (!reached_.contains(&step)) {
      std::string reason = why;
      if (before) {
        reason = absl::StrCat("the step before, '", before->verb, "' in line ", before->line,
                              before->verb == "repeat" ? ", never ends" : ", never goes on");
      }
      return Error(step.where, absl::StrCat("never runs: ", reason));
    }
    if (const auto* choice = std::get_if<IfStep>(&step.body)) {
      const Branches& b = branches_[&step];
      const auto constant = [&](bool truth) {
        return absl::StrCat("'", choice->condition.text(), "' is always ",
                            truth ? "true" : "false");
      };
      FindUnreached(choice->then, b.then ? "" : constant(false));
      if (choice->has_otherwise)
        FindUnreached(choice->otherwise, b.otherwise ? "" : constant(true));
    }
    for (const Block* inner : InnerBlocks(step)) {
      if (!std::holds_alternative<IfStep>(step.body)) FindUnreached(*inner, "");
    }
    before = &step;
  }
}

void Checker::FindUnused() {
  std::set<std::string> used;
  for (const std::string& name : NamesUsed(workflow_)) used.insert(name);
  for (const auto& [name, formula] : LetBindings(workflow_)) {
    if (used.contains(name)) continue;
    Warn(formula->where, absl::StrCat("'", name, "' is bound and never used"));
  }
}

void Checker::CheckGuardDose(const State& end) {
  const Spent& worst = end.spent[kWorst];
  if (worst.electrons == 0) return;
  if (report_.guard_dose_e_per_m2 == 0) {
    return Error(workflow_.file + ":1: budget",
                 "the beam reaches the specimen, and no dose is allowed to it; give budget.dose or "
                 "guard.dose, as in budget: {dose: 1e4 e/A^2}");
  }
  // What passes the run's own budget has been said.
  if (!workflow_.guard_dose && worst.tally.Largest() > report_.guard_dose_e_per_m2) return;
  // As the guard counts: whole cells, so that fields side by side add up along their edges.
  DoseLedger ledger;
  for (const auto& [place, dose] : worst.tally.places()) {
    ledger.Add(place[0], place[1], place[2], place[3], dose);
  }
  const double counted = ledger.Largest() + worst.tally.anywhere();
  if (counted <= report_.guard_dose_e_per_m2) return;
  Error(workflow_.guard_dose ? workflow_.guard_dose->where : workflow_.budget.where,
        absl::StrFormat("as the guard counts (whole cells, the largest current), %.4g e/A^2 may "
                        "come together on one place; allowed: %.4g e/A^2",
                        counted * 1e-20, report_.guard_dose_e_per_m2 * 1e-20));
}

void Checker::Finish(const State& end) {
  report_.expected = Total(end.spent[kExpected]);
  report_.worst = Total(end.spent[kWorst]);
  report_.person_s = end.person_s;
  const Spending& worst = report_.worst;
  if (worst.dose_e_per_m2 > budget_.dose_e_per_m2) {
    Error(workflow_.budget.dose->where,
          absl::StrFormat("the run may pass its dose, with %.4g e/A^2 on one place; allowed: %.4g "
                          "e/A^2",
                          worst.dose_e_per_m2 * 1e-20, budget_.dose_e_per_m2 * 1e-20));
  }
  if (!std::isfinite(worst.time_s) || !std::isfinite(worst.dose_e_per_m2) ||
      !std::isfinite(worst.electrons) || !std::isfinite(worst.commands)) {
    Error(workflow_.file + ":1: steps",
          "time or dose have no bound; keep the numbers that they hang on in bounds, as with "
          "clamp(x, low, high), and the properties that move with guard.limits");
  }
  double held = 0;
  for (const auto& [name, bytes] : held_) held += bytes;
  if (held > 2 * kMostReplyBytes) {
    Error(workflow_.file + ":1: steps",
          absl::StrFormat("the images that its names hold at a time may take %.3g GB; allowed: "
                          "%.3g GB; use a name ('as') again, or smaller scans",
                          held * 1e-9, 2 * kMostReplyBytes * 1e-9));
  }
  for (auto& [step, forecast] : forecasts_) report_.steps.push_back(forecast);
  std::stable_sort(report_.steps.begin(), report_.steps.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  std::stable_sort(report_.findings.begin(), report_.findings.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
}

// What a handler may spend comes on top, wherever the fault was: it knows nothing but the constants
// and that the beam is blanked.
void Checker::AddHandler(State* end) {
  if (workflow_.on_fault.empty()) return;
  State fault = *end;
  fault.alive = true;
  fault.can_be_blanked = true;
  fault.can_be_unblanked = false;
  if (absl::StatusOr<Scope> constants = Constants(workflow_); constants.ok()) {
    fault.scope = std::move(*constants);
  }
  for (auto& [name, position] : fault.positions) {
    const PropertyInfo* p = description_.FindProperty(name);
    position = {p->min, p->max};
  }
  fault.scope["fault.message"] = Value::AnyText();
  in_handler_ = true;
  end_.reset();
  const auto forecasts = forecasts_;  // at most it comes on top; it is not expected
  RunBlock(workflow_.on_fault, &fault);
  forecasts_ = forecasts;
  if (fault.alive || !end_) JoinEnds(fault, &end_);
  end->spent[kWorst] = end_->spent[kWorst];
  end->person_s = end_->person_s;
}

CheckReport Checker::Run() {
  const Doubts doubts([this](const std::string& where, const std::string& what) {
    Guarded(where, what + "; the run ends there if it comes to that");
  });
  ReadLimits();
  ReadBudget();
  State state;
  absl::StatusOr<Scope> constants = Constants(workflow_);
  if (constants.ok()) state.scope = *constants;
  for (const PropertyInfo& p : description_.properties) {
    if (!p.writable) continue;
    const auto it = options_.positions.find(p.name);
    const bool known = it != options_.positions.end() && std::isfinite(it->second);
    state.positions[p.name] = known ? Interval{it->second, it->second} : Interval{p.min, p.max};
    if (known) report_.positions[p.name] = it->second;
  }
  RunBlock(workflow_.steps, &state);
  if (state.alive || !end_) {
    std::optional<State> all = std::move(end_);
    JoinEnds(state, &all);  // where it may end earlier it may have spent more
    state = std::move(*all);
  } else {
    state = std::move(*end_);
  }
  const Spent expected = state.spent[kExpected];
  AddHandler(&state);
  state.spent[kExpected] = expected;
  FindUnreached(workflow_.steps, "");
  FindUnreached(workflow_.on_fault, "");
  FindUnused();
  CheckGuardDose(state);
  Finish(state);
  return std::move(report_);
}

}  // namespace internal
}  // namespace ronchi::hw::workflow
