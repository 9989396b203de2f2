// From a verb as it is written to the command that it means. With intervals in the scope: to the
// smallest and the largest command that it can mean, and one between.
#pragma once

#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "hw/instrument/command.h"
#include "hw/instrument/description.h"
#include "hw/workflow/workflow.h"

namespace ronchi::hw::workflow {

enum Side { kLeast = 0, kExpected = 1, kWorst = 2 };
constexpr size_t kSides = 3;

// A rectangle that is not known better than by bounds.
struct Reach {
  Interval x, y;  // m
};

struct CommandRange {
  std::array<Command, kSides> sides;  // by what they cost
  bool exact = true;                  // all three are the same, and known
  bool place_known = true;            // where in the scan frame
  Interval value;                     // set: the target, or the increment; SI
  // Of what exposes and is not exact: what holds each rectangle that one of these commands may
  // expose, but for the size of the probe.
  std::vector<Reach> reach;
};

// Whether the step is one of the instrument's verbs.
bool IsCommand(const Step& step);
// InvalidArgument: "file:line: path.key: …", of types, dimensions and signs. Names and limits are
// for CheckCommand (hw/instrument/validate.h).
absl::StatusOr<CommandRange> MakeCommand(const Step& step, const Scope& scope);

// While one of these lives, what Evaluate (below) finds to be without a value for some of the
// numbers that are possible is told to it: "file:line: path.key: 'text': column 7: …".
class Doubts {
 public:
  using Listener = std::function<void(const std::string& where, const std::string& what)>;
  explicit Doubts(Listener listener);
  ~Doubts();
  Doubts(const Doubts&) = delete;
  Doubts& operator=(const Doubts&) = delete;

 private:
  friend absl::StatusOr<Value> Evaluate(const Formula& formula, const Scope& scope);
  const Listener listener_;
  Doubts* const outer_;
};

// What may lie between where a property was sent, where it stands and where it reads.
inline double Slack(const PropertyInfo& p) { return p.resolution > 0 ? p.resolution : 0; }

// Formulas in a scope; the errors say where they stand.
absl::StatusOr<Value> Evaluate(const Formula& formula, const Scope& scope);
absl::StatusOr<Value> EvaluateExactly(const Formula& formula, const Scope& scope);
// A number of this dimension, in SI units.
absl::StatusOr<Interval> Number(const Formula& formula, const Scope& scope, Dimension dimension);
// A whole number in low … high.
absl::StatusOr<Interval> Whole(const Formula& formula, const Scope& scope, double low, double high);
// A pair [a, b]; one number stands for both when `one_will_do`.
absl::StatusOr<std::array<Interval, 2>> Pair(const Formula& formula, const Scope& scope,
                                             Dimension dimension, bool one_will_do);
absl::StatusOr<bool> Truth(const Formula& formula, const Scope& scope);  // known beforehand
absl::Status At(const Formula& formula, std::string_view what);          // InvalidArgument
// With every brace filled in.
absl::StatusOr<std::string> Fill(const Words& words, const Scope& scope);

}  // namespace ronchi::hw::workflow
