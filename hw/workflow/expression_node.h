// The tree of an expression; between its parser and its evaluator.
#pragma once

#include <string>
#include <vector>

#include "hw/workflow/expression.h"

namespace ronchi::hw::workflow {

struct Expression::Node {
  // kOperator: `name` is the sign, "-" with one child is the negation; "[]" is the index, "list"
  // the list literal.
  enum class Kind { kLiteral, kName, kOperator, kCall } kind = Kind::kLiteral;
  Value literal;
  std::string name;
  size_t column = 1;  // from 1, in characters
  std::vector<Node> children;
};

// "column 7: message", InvalidArgument.
absl::Status AtColumn(size_t column, std::string_view message);

}  // namespace ronchi::hw::workflow
