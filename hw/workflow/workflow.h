// A workflow as it was written: steps that are verbs of hw/instrument/instrument.h, and the few
// words around them. Reading checks the form alone (keys, one verb a step, expressions that parse);
// whether it fits an instrument is for check.h. docs/hyperlanguage.md describes every key.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/config.h"
#include "core/quantity.h"
#include "core/status.h"
#include "hw/workflow/expression.h"

namespace ronchi::hw::workflow {

// An expression and where it stands: "file:line: path.key".
struct Formula {
  Expression expression;
  std::string where;
  int line = 0;
  const std::string& text() const { return expression.text(); }
};

// Words with expressions in braces: "contrast {contrast(f.haadf)}".
struct Words {
  struct Piece {
    std::string plain;
    std::optional<Formula> formula;  // follows `plain`
  };
  std::vector<Piece> pieces;
};

struct Budget {
  std::optional<Formula> dose, time, commands;  // electrons per area anywhere; s; a number
  std::optional<Formula> steps, data_GB;        // of the whole run alone
  std::string where;
  int line = 0;
  bool empty() const { return !dose && !time && !commands; }
};

struct Step;
using Block = std::vector<Step>;

// The verbs. Optional formulas that are absent leave the Command's own default.
struct ReadStep {
  std::vector<std::string> properties;
};
struct SetStep {
  std::string property;
  Formula value;
  bool relative = false;  // by: carried out as a read and an absolute set, so that it can be redone
  std::optional<Formula> tolerance, timeout;
};
struct ScanStep {
  std::optional<Formula> center;  // [x, y]
  std::optional<Formula> fov;     // a length, or [x, y]
  std::optional<Formula> pixels;  // a number, or [x, y]
  Formula dwell;
  std::optional<Formula> frames;
  std::vector<std::string> detectors;
  std::string pattern = "raster";  // raster | spiral | points
  std::optional<Formula> points_x, points_y;
};
struct ExposeStep {
  std::string camera;
  Formula time;  // per frame
  std::optional<Formula> at, frames, binning;
};
struct ParkStep {
  std::optional<Formula> at;  // [x, y]
  Formula time;
};
struct MeasureStep {
  std::string what;
  std::optional<Formula> center;
  // The numbers that it finds, where they are not the canonical ones of docs/conventions.md.
  std::vector<std::pair<std::string, Dimension>> gives;
};
// blank, unblank, safe, abort. Abort also ends the workflow.
struct PlainStep {
  std::string verb;
};

// The words around them.
struct LetStep {
  std::vector<std::pair<std::string, Formula>> bindings;  // in the order written
};
struct LogStep {
  Words words;
};
struct SaveStep {
  std::vector<std::pair<std::string, Formula>> values;
};
struct WaitStep {
  Formula time;
};
struct StopStep {
  Words why;
};
struct ForStep {
  std::string name;
  Formula in;  // a list
  Block body;
};
struct RepeatStep {
  Block body;
  std::optional<Formula> until, max, expect;
  Budget budget;  // of the loop: it ends before the round that would pass it
};
struct IfStep {
  Formula condition;
  Block then, otherwise;
  bool has_otherwise = false;
  int then_line = 0, otherwise_line = 0;
};
struct AskStep {
  std::string name;  // by which scripts answer
  Words question;
  std::string answer = "yes_no";     // or a dimension: number, length, angle …
  std::optional<Formula> between;    // [low, high], for a number
  std::optional<Formula> timeout;    // s
  std::string on_timeout;            // "deny", or for a number an expression; empty: not given
  std::optional<Formula> otherwise;  // that expression
  std::string expect;                // "yes", "no": for the forecast; empty: either
};
struct DecideStep {
  std::string agent;                                     // a built-in one's name or a policy file
  std::vector<std::pair<std::string, Formula>> outputs;  // [low, high] each
  std::vector<std::pair<std::string, Formula>> observe;  // numbers, lists, images
  std::optional<Formula> value;                          // what it maximises
};
struct BudgetStep {
  Budget budget;
  Block body;
};

struct Step {
  enum class OnFault { kStop, kContinue, kRetry };
  std::string verb;   // the key that says what it is
  std::string where;  // "file:line: path.verb"
  std::string path;   // "steps[3].scan": what a journal knows it by
  int line = 0;
  std::string as;  // the name of the result
  OnFault on_fault = OnFault::kStop;
  int retries = 0;
  std::variant<ReadStep, SetStep, ScanStep, ExposeStep, ParkStep, MeasureStep, PlainStep, LetStep,
               LogStep, SaveStep, WaitStep, StopStep, ForStep, RepeatStep, IfStep, AskStep,
               DecideStep, BudgetStep>
      body;
};

struct PropertyLimits {
  std::string property;
  std::optional<Formula> min, max, step, rate;
  std::string where;
  int line = 0;
};

struct Workflow {
  std::string file;
  std::string title;
  std::string instrument;  // a preset or a file; empty: the command line says
  uint64_t seed = 1;
  Budget budget;                      // of the whole run
  std::optional<Formula> guard_dose;  // the guard's own budget; absent: budget.dose
  std::vector<PropertyLimits> limits;
  // All of `guard`, for hw/safety/guard_options.h, which reads what is not above.
  std::optional<Config> guard;
  LetStep constants;
  Block steps;
  Block on_fault;  // after a fault, once the beam is blanked
};

// InvalidArgument: "file:line: path.key: what; what is allowed".
absl::StatusOr<Workflow> ReadWorkflow(const Config& config);

}  // namespace ronchi::hw::workflow
