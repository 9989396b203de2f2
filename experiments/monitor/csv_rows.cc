#include "experiments/monitor/csv_rows.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files.h"

namespace ronchi {
namespace {

constexpr size_t kLongestLine = 1 << 20;

std::string Unquoted(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
    cell = cell.substr(1, cell.size() - 2);
  }
  return std::string(cell);
}

// Nothing: no number.
std::optional<double> NumberOf(const std::string& cell) {
  if (cell.empty() || absl::EqualsIgnoreCase(cell, "nan")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  double number = 0;
  if (!absl::SimpleAtod(cell, &number) || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace

absl::Status CsvRows::Error(const std::string& what) const {
  return absl::InvalidArgumentError(absl::StrCat(name_, ":", line_, ": ", what));
}

absl::StatusOr<bool> CsvRows::NextLine(std::vector<std::string>* cells) {
  std::string line;
  for (;;) {
    line.clear();
    ++line_;
    char c = 0;
    while (text_->get(c) && c != '\n') {
      if (line.size() == kLongestLine)
        return Error("a line of more than 1 MB is no row of numbers");
      line += c;
    }
    if (line.empty() && text_->eof()) return false;
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text.empty() || text.front() == '#') continue;
    cells->clear();
    for (absl::string_view cell : absl::StrSplit(text, ',')) cells->push_back(Unquoted(cell));
    return true;
  }
}

absl::StatusOr<CsvRows> CsvRows::Open(const std::string& path) {
  if (path == "-") return Read(std::make_unique<std::istream>(std::cin.rdbuf()), "standard input");
  auto file = std::make_unique<std::ifstream>(path);
  if (!*file) return ErrnoStatus(errno, path);
  return Read(std::move(file), path);
}

absl::StatusOr<CsvRows> CsvRows::Read(std::unique_ptr<std::istream> text, std::string name) {
  CsvRows rows;
  rows.text_ = std::move(text);
  rows.name_ = std::move(name);
  std::vector<std::string> cells;
  RONCHI_ASSIGN_OR_RETURN(const bool any, rows.NextLine(&cells));
  if (!any) return rows.Error("no row of numbers");
  std::vector<double> numbers;
  for (const std::string& cell : cells) {
    if (const auto number = NumberOf(cell)) numbers.push_back(*number);
  }
  if (numbers.size() == cells.size()) {
    rows.first_ = std::move(numbers);
    for (size_t i = 1; i <= cells.size(); ++i) rows.names_.push_back(absl::StrCat(i));
    return rows;
  }
  rows.names_ = std::move(cells);
  for (size_t i = 0; i < rows.names_.size(); ++i) {
    const std::string& column = rows.names_[i];
    if (column.empty()) return rows.Error(absl::StrCat("column ", i + 1, " has no name"));
    if (std::count(rows.names_.begin(), rows.names_.end(), column) > 1) {
      return rows.Error(absl::StrCat("two columns are called '", column, "'"));
    }
  }
  return rows;
}

absl::StatusOr<bool> CsvRows::Next(std::vector<double>* row) {
  if (first_) {
    *row = *std::move(first_);
    first_.reset();
    return true;
  }
  std::vector<std::string> cells;
  RONCHI_ASSIGN_OR_RETURN(const bool any, NextLine(&cells));
  if (!any) return false;
  if (cells.size() != names_.size()) {
    return Error(
        absl::StrCat(cells.size(), " numbers; allowed: ", names_.size(), ", as in the first row"));
  }
  row->clear();
  for (size_t i = 0; i < cells.size(); ++i) {
    const auto number = NumberOf(cells[i]);
    if (!number) {
      return Error(absl::StrCat("column '", names_[i], "': '", cells[i],
                                "' is not allowed; allowed: a finite number, nan, or nothing"));
    }
    row->push_back(*number);
  }
  return true;
}

}  // namespace ronchi
