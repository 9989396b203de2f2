// Helpers of workflow.cc: formulas, words and budgets out of a config.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hw/workflow/workflow.h"

namespace ronchi::hw::workflow::internal {

// Keys of one mapping as formulas. Keeps the first error, as ConfigReader does; Done() refuses keys
// that nobody asked for.
class FormulaReader {
 public:
  explicit FormulaReader(const Config& node) : node_(node), reader_(node) {}

  Formula Required(std::string_view key);
  std::optional<Formula> Optional(std::string_view key);
  std::optional<Formula> InUnit(std::string_view key, std::string_view unit);  // a plain number
  std::string Text(std::string_view key, bool required);
  std::string Choice(std::string_view key, const std::vector<std::string>& allowed);
  std::string OneOf(std::string_view key, const std::vector<std::string>& allowed);  // or nothing
  Words Sentence(std::string_view key);
  std::vector<std::string> Names(std::string_view key);  // one, or a list; required
  Budget ReadBudget(std::string_view key, bool of_run = false);
  // {name: formula, …}; required, not empty. Variables: not words of the language. Labels: any
  // plain name; [name, …] of what is to be had by its own name will do, too.
  enum class Kind { kVariables, kLabels };
  std::vector<std::pair<std::string, Formula>> Bindings(std::string_view key, Kind kind);
  int64_t Whole(std::string_view key, int64_t value, NumberRange range);

  const Config& node() const { return node_; }
  ConfigReader& reader() { return reader_; }
  Config Child(std::string_view key) { return reader_.Child(key); }
  bool Has(std::string_view key) { return reader_.Has(key); }
  void Fail(std::string_view key, std::string_view message) { reader_.Fail(key, message); }
  void Keep(const absl::Status& status) {
    if (status_.ok() && reader_.ok()) status_ = status;
  }
  bool ok() const { return status_.ok() && reader_.ok(); }
  absl::Status Done();

 private:
  Formula Parse(std::string_view key, const std::string& text);
  std::optional<std::string> ExpressionText(std::string_view key);
  const Config node_;
  ConfigReader reader_;
  absl::Status status_;
};

// The keys of `guard` that hold expressions; the others are known, and read when there is a
// description to read them by.
absl::Status ReadGuard(const Config& node, Workflow* workflow);

}  // namespace ronchi::hw::workflow::internal
