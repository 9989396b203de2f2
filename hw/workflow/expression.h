// Small typed expressions over the results of a workflow:
//   contrast(frame.haadf) > 0.2 and x + 2 nm < limit
// Numbers carry their dimension, and a mistake of dimensions is an error as any other. There are no
// loops, no definitions and no side effects: an expression costs what it is long, times the pixels
// of the images it names. docs/hyperlanguage.md lists operators and functions.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "hw/workflow/value.h"

namespace ronchi::hw::workflow {

class Expression {
 public:
  struct Node;
  // InvalidArgument: "column 7: …", what is wrong there and what was expected.
  static absl::StatusOr<Expression> Parse(std::string_view text);

  // InvalidArgument: "column 7: …"; an unknown name, types or dimensions that do not fit, a value
  // outside of what a function is defined for. With intervals in the scope the answer holds every
  // value that exact ones inside could give, and only what fails for all of them is an error.
  // `doubts`, if given, gets a line for each place where some value that is possible has no result:
  // "column 7: …".
  absl::StatusOr<Value> Evaluate(const Scope& scope,
                                 std::vector<std::string>* doubts = nullptr) const;
  // The same, where all that the scope holds is known: a finite number, true or false, an image.
  absl::StatusOr<Value> EvaluateExactly(const Scope& scope) const;

  // Of a condition: narrows the numbers of `scope` to what they can be where it is true (or false).
  void Narrow(bool truth, Scope* scope) const;

  const std::string& text() const { return text_; }
  std::vector<std::string> Names() const;  // that it refers to

 private:
  std::string text_;
  std::shared_ptr<const Node> root_;
};

// Names that a workflow cannot bind: constants, words of the language and functions.
bool IsReserved(std::string_view name);
// A name that a workflow may bind: a letter, then letters, digits and _.
bool IsPlainName(std::string_view name);

}  // namespace ronchi::hw::workflow
