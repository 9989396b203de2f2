#include "hw/workflow/names.h"

#include "absl/strings/str_cat.h"

namespace ronchi::hw::workflow::internal {
namespace {

using Formulas = std::vector<const Formula*>;

void Add(const Formula& f, Formulas* all) { all->push_back(&f); }
void Add(const std::optional<Formula>& f, Formulas* all) {
  if (f) all->push_back(&*f);
}
void Add(const std::vector<std::pair<std::string, Formula>>& named, Formulas* all) {
  for (const auto& [name, formula] : named) Add(formula, all);
}
void Add(const Words& words, Formulas* all) {
  for (const Words::Piece& piece : words.pieces) Add(piece.formula, all);
}
void Add(const Budget& b, Formulas* all) {
  Add(b.dose, all);
  Add(b.time, all);
  Add(b.commands, all);
  Add(b.steps, all);
  Add(b.data_GB, all);
}
template <class... Parts>
void AddAll(Formulas* all, const Parts&... parts) {
  (Add(parts, all), ...);
}

void Of(const ReadStep&, Formulas*) {}
void Of(const PlainStep&, Formulas*) {}
void Of(const SetStep& s, Formulas* f) { AddAll(f, s.value, s.tolerance, s.timeout); }
void Of(const ScanStep& s, Formulas* f) {
  AddAll(f, s.center, s.fov, s.pixels, s.dwell, s.frames, s.points_x, s.points_y);
}
void Of(const ExposeStep& s, Formulas* f) { AddAll(f, s.time, s.at, s.frames, s.binning); }
void Of(const ParkStep& s, Formulas* f) { AddAll(f, s.at, s.time); }
void Of(const MeasureStep& s, Formulas* f) { AddAll(f, s.center); }
void Of(const LetStep& s, Formulas* f) { AddAll(f, s.bindings); }
void Of(const LogStep& s, Formulas* f) { AddAll(f, s.words); }
void Of(const SaveStep& s, Formulas* f) { AddAll(f, s.values); }
void Of(const WaitStep& s, Formulas* f) { AddAll(f, s.time); }
void Of(const StopStep& s, Formulas* f) { AddAll(f, s.why); }
void Of(const ForStep& s, Formulas* f) { AddAll(f, s.in); }
void Of(const RepeatStep& s, Formulas* f) { AddAll(f, s.until, s.max, s.expect, s.budget); }
void Of(const IfStep& s, Formulas* f) { AddAll(f, s.condition); }
void Of(const AskStep& s, Formulas* f) { AddAll(f, s.question, s.between, s.timeout, s.otherwise); }
void Of(const DecideStep& s, Formulas* f) { AddAll(f, s.outputs, s.observe, s.value); }
void Of(const BudgetStep& s, Formulas* f) { AddAll(f, s.budget); }

template <class F>
void ForEachStep(const Block& block, F f) {
  for (const Step& step : block) {
    f(step);
    for (const Block* inner : InnerBlocks(step)) ForEachStep(*inner, f);
  }
}

}  // namespace

std::vector<const Block*> InnerBlocks(const Step& step) {
  if (const auto* s = std::get_if<ForStep>(&step.body)) return {&s->body};
  if (const auto* s = std::get_if<RepeatStep>(&step.body)) return {&s->body};
  if (const auto* s = std::get_if<IfStep>(&step.body)) return {&s->then, &s->otherwise};
  if (const auto* s = std::get_if<BudgetStep>(&step.body)) return {&s->body};
  return {};
}

std::vector<std::string> NamesUsed(const Workflow& w) {
  Formulas all;
  AddAll(&all, w.budget, w.guard_dose, w.constants.bindings);
  for (const PropertyLimits& l : w.limits) AddAll(&all, l.min, l.max, l.step);
  const auto collect = [&](const Step& step) {
    std::visit([&](const auto& body) { Of(body, &all); }, step.body);
  };
  ForEachStep(w.steps, collect);
  ForEachStep(w.on_fault, collect);
  std::vector<std::string> names;
  for (const Formula* f : all) {
    for (const std::string& name : f->expression.Names()) {
      names.push_back(name);
      names.push_back(name.substr(0, name.find('.')));
    }
  }
  return names;
}

std::vector<std::pair<std::string, const Formula*>> LetBindings(const Workflow& w) {
  std::vector<std::pair<std::string, const Formula*>> all;
  const auto take = [&](const LetStep& let) {
    for (const auto& [name, formula] : let.bindings) all.emplace_back(name, &formula);
  };
  const auto collect = [&](const Step& step) {
    if (const auto* let = std::get_if<LetStep>(&step.body)) take(*let);
  };
  take(w.constants);
  ForEachStep(w.steps, collect);
  ForEachStep(w.on_fault, collect);
  return all;
}

std::string WritableNames(const Description& d) {
  std::string names;
  for (const PropertyInfo& p : d.properties) {
    if (p.writable) absl::StrAppend(&names, names.empty() ? "" : ", ", p.name);
  }
  return names.empty() ? "none" : names;
}

}  // namespace ronchi::hw::workflow::internal
