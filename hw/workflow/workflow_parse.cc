#include "hw/workflow/workflow_parse.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/safety/guard_options.h"

namespace ronchi::hw::workflow::internal {

absl::Status FormulaReader::Done() {
  RONCHI_RETURN_IF_ERROR(status_);
  return reader_.Done();
}

Formula FormulaReader::Parse(std::string_view key, const std::string& text) {
  Formula f;
  f.where = node_.Where(key);
  f.line = node_.Line(key);
  absl::StatusOr<Expression> e = Expression::Parse(text);
  if (e.ok()) {
    f.expression = std::move(*e);
  } else {
    const auto open = std::count(text.begin(), text.end(), '(');
    const bool torn = open > std::count(text.begin(), text.end(), ')');
    Keep(node_.Error(key,
                     absl::StrCat("'", text, "': ", std::string(e.status().message()),
                                  torn ? "; YAML takes a comma in {…} and […] for its own: put the "
                                         "expression in quotes"
                                       : "")));
  }
  return f;
}

// A YAML list of expressions is the list expression.
std::optional<std::string> FormulaReader::ExpressionText(std::string_view key) {
  const Config child = reader_.Child(key);
  if (!reader_.Has(key)) return std::nullopt;
  if (child.IsSequence()) {
    std::string list;
    for (size_t i = 0; i < child.size(); ++i) {
      const absl::StatusOr<std::string> item = child.Item(i).Scalar();
      if (!item.ok()) {
        Keep(item.status());
        return std::nullopt;
      }
      absl::StrAppend(&list, i ? ", " : "[", *item);
    }
    return list.empty() ? "[]" : list + "]";
  }
  std::string text;
  reader_.Text(key, &text);
  if (reader_.ok() && text.empty()) Fail(key, "expected an expression, such as 5 nm");
  return text;
}

std::optional<Formula> FormulaReader::Optional(std::string_view key) {
  const std::optional<std::string> text = ExpressionText(key);
  if (!ok() || !text) return std::nullopt;
  return Parse(key, *text);
}

std::optional<Formula> FormulaReader::InUnit(std::string_view key, std::string_view unit) {
  double value = 0;
  if (!reader_.Has(key)) return std::nullopt;
  reader_.Number(key, &value);
  if (!ok()) return std::nullopt;
  return Parse(key, absl::StrFormat("%.17g %s", value, unit));
}

Formula FormulaReader::Required(std::string_view key) {
  if (!reader_.Has(key)) {
    std::string none;
    reader_.Text(key, &none, true);  // fails: missing
    return {};
  }
  std::optional<Formula> f = Optional(key);
  return f ? std::move(*f) : Formula{};
}

std::string FormulaReader::Text(std::string_view key, bool required) {
  std::string text;
  reader_.Text(key, &text, required);
  return text;
}

std::string FormulaReader::Choice(std::string_view key, const std::vector<std::string>& allowed) {
  std::string value = allowed[0];
  reader_.Choice(key, &value, allowed);
  return value;
}

std::string FormulaReader::OneOf(std::string_view key, const std::vector<std::string>& allowed) {
  if (Has(std::string(key))) return Choice(key, allowed);
  reader_.Known(key);
  return "";
}

int64_t FormulaReader::Whole(std::string_view key, int64_t value, NumberRange range) {
  reader_.Integer(key, &value, range);
  return value;
}

Words FormulaReader::Sentence(std::string_view key) {
  std::string text;
  reader_.Text(key, &text, true);
  Words words;
  size_t at = 0;
  while (ok() && at < text.size()) {
    const size_t open = text.find('{', at);
    Words::Piece piece{text.substr(at, open - at), std::nullopt};
    if (open != std::string::npos) {
      const size_t close = text.find('}', open);
      if (close == std::string::npos) {
        Fail(key, absl::StrCat("'", text, "': a brace { that does not end"));
        break;
      }
      piece.formula = Parse(key, text.substr(open + 1, close - open - 1));
      at = close + 1;
    } else {
      at = text.size();
    }
    words.pieces.push_back(std::move(piece));
  }
  return words;
}

std::vector<std::string> FormulaReader::Names(std::string_view key) {
  const Config child = reader_.Child(key);
  std::vector<std::string> names;
  if (!child.IsSequence()) {
    names.push_back(Text(key, true));
    return names;
  }
  for (size_t i = 0; i < child.size(); ++i) {
    const absl::StatusOr<std::string> item = child.Item(i).Scalar();
    if (!item.ok()) Keep(item.status());
    if (item.ok()) names.push_back(*item);
  }
  if (names.empty()) Fail(key, "expected a name or a list of names");
  return names;
}

Budget FormulaReader::ReadBudget(std::string_view key, bool of_run) {
  Budget budget;
  const Config child = reader_.Child(key);
  budget.where = node_.Where(key);
  budget.line = node_.Line(key);
  if (!reader_.Has(key)) return budget;
  FormulaReader r(child);
  budget.dose = r.Optional("dose");
  budget.time = r.Optional("time");
  budget.commands = r.Optional("commands");
  if (of_run) {
    budget.steps = r.Optional("steps");
    budget.data_GB = r.Optional("data_GB");
  }
  if (r.ok() && budget.empty() && !budget.steps && !budget.data_GB) {
    r.Fail("", "expected at least one of: dose, time, commands");
  }
  Keep(r.Done());
  return budget;
}

std::vector<std::pair<std::string, Formula>> FormulaReader::Bindings(std::string_view key,
                                                                     Kind kind) {
  std::vector<std::pair<std::string, Formula>> all;
  const Config child = reader_.Child(key);
  const bool labels = kind == Kind::kLabels;
  if (labels && !child.IsMap() && reader_.Has(key)) {
    for (const std::string& name : Names(key)) all.emplace_back(name, Parse(key, name));
    return all;
  }
  if (!child.IsMap() || child.Keys().empty()) {
    Fail(key, labels ? "expected names, or a mapping of names to expressions"
                     : "expected a mapping of names to expressions");
    return all;
  }
  FormulaReader r(child);
  for (const std::string& name : child.Keys()) {
    if (!IsPlainName(name) || (!labels && IsReserved(name))) {
      r.Fail(name, absl::StrCat("'", name,
                                "' is no name for a value; allowed: a letter, then letters, "
                                "digits and _, and no word of the language"));
    }
    Formula f = r.Required(name);
    all.emplace_back(name, std::move(f));
  }
  Keep(r.Done());
  return all;
}

absl::Status ReadGuard(const Config& node, Workflow* w) {
  FormulaReader r(node);
  w->guard = node;
  w->guard_dose = r.Optional("dose");
  constexpr char kBudget[] = "dose_budget_e_per_A2";
  if (w->guard_dose && r.Has(kBudget)) {
    r.Fail(kBudget, "'dose' says the same; give one of both");
  } else if (r.Has(kBudget)) {
    w->guard_dose = r.InUnit(kBudget, "e/A^2");
  }
  const Config limits = r.Child("limits");
  for (const std::string& key : GuardKeys()) {
    const bool read = key == "limits" || (key == kBudget && r.Has(kBudget));
    if (!read) r.reader().Known(key);
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  for (const std::string& property : limits.Keys()) {
    FormulaReader list(limits);
    FormulaReader one(list.Child(property));
    PropertyLimits l;
    l.property = property;
    l.where = limits.Where(property);
    l.line = limits.Line(property);
    l.min = one.Optional("min");
    l.max = one.Optional("max");
    l.step = one.Optional("step");
    l.rate = one.Optional("rate");
    RONCHI_RETURN_IF_ERROR(one.Done());
    w->limits.push_back(std::move(l));
  }
  return absl::OkStatus();
}

}  // namespace ronchi::hw::workflow::internal
