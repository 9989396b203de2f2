// Rows of numbers from comma-separated text, a file or a pipe, one at a time as they come.
#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi {

// The first row names the columns if a cell of it is no number; else they are called 1, 2, … Empty
// cells and `nan` are missing numbers, as NaN. Empty lines and those that begin with # are passed
// over.
class CsvRows {
 public:
  // "-" is standard input. NotFound and others: it cannot be read.
  static absl::StatusOr<CsvRows> Open(const std::string& path);
  // `name` stands in errors.
  static absl::StatusOr<CsvRows> Read(std::unique_ptr<std::istream> text, std::string name);

  const std::vector<std::string>& names() const { return names_; }
  // False: there are no more. InvalidArgument: "file:line: what is allowed".
  absl::StatusOr<bool> Next(std::vector<double>* row);

 private:
  absl::StatusOr<bool> NextLine(std::vector<std::string>* cells);
  absl::Status Error(const std::string& what) const;

  std::string name_;
  std::unique_ptr<std::istream> text_;
  size_t line_ = 0;
  std::vector<std::string> names_;
  std::optional<std::vector<double>> first_;  // read, to see whether it names the columns
};

}  // namespace ronchi
