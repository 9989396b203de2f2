#include "hw/workflow/workflow.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/quantity.h"
#include "hw/workflow/results.h"
#include "hw/workflow/workflow_parse.h"

namespace ronchi::hw::workflow {
namespace {

using internal::FormulaReader;

absl::StatusOr<Block> ReadBlock(const Config& node);

// The block below `key`: a list of steps, one or more.
Block ReadChildBlock(FormulaReader* r, std::string_view key) {
  const Config child = r->Child(key);
  if (!r->Has(key)) {
    r->Text(key, true);  // missing
    return {};
  }
  if (!child.IsSequence() || child.size() == 0) {
    r->Fail(key, "expected a list of steps, one or more");
    return {};
  }
  absl::StatusOr<Block> block = ReadBlock(child);
  if (!block.ok()) {
    r->Keep(block.status());
    return {};
  }
  return std::move(*block);
}

// The mapping below the verb, with all its keys.
template <class Body>
Body ReadFields(FormulaReader* r, std::string_view verb,
                const std::function<void(FormulaReader*, Body*)>& read) {
  Body body;
  const Config child = r->Child(verb);
  if (!child.IsMap()) {
    r->Fail(verb, "expected a mapping of keys");
    return body;
  }
  FormulaReader fields(child);
  read(&fields, &body);
  r->Keep(fields.Done());
  return body;
}

ReadStep ParseRead(FormulaReader* r) { return {r->Names("read")}; }

SetStep ParseSet(FormulaReader* r) {
  return ReadFields<SetStep>(r, "set", [](FormulaReader* f, SetStep* s) {
    s->property = f->Text("property", true);
    s->relative = f->Has("by");
    if (s->relative && f->Has("to")) f->Fail("by", "give either 'to' or 'by', not both");
    if (!s->relative && !f->Has("to")) f->reader().Known("by");
    s->value = f->Required(s->relative ? "by" : "to");
    s->tolerance = f->Optional("tolerance");
    s->timeout = f->Optional("timeout");
  });
}

ScanStep ParseScan(FormulaReader* r) {
  return ReadFields<ScanStep>(r, "scan", [](FormulaReader* f, ScanStep* s) {
    s->pattern = f->Choice("pattern", {"raster", "spiral", "points"});
    const bool points = s->pattern == "points";
    if (points) {
      s->points_x = f->Required("points_x");
      s->points_y = f->Required("points_y");
    } else {
      s->fov = f->Required("fov");
      s->pixels = f->Required("pixels");
    }
    s->center = f->Optional("center");
    s->dwell = f->Required("dwell");
    s->frames = f->Optional("frames");
    s->detectors = f->Names("detectors");
  });
}

ExposeStep ParseExpose(FormulaReader* r) {
  return ReadFields<ExposeStep>(r, "expose", [](FormulaReader* f, ExposeStep* s) {
    s->camera = f->Text("camera", true);
    s->time = f->Required("time");
    s->at = f->Optional("at");
    s->frames = f->Optional("frames");
    s->binning = f->Optional("binning");
  });
}

ParkStep ParsePark(FormulaReader* r) {
  return ReadFields<ParkStep>(r, "park", [](FormulaReader* f, ParkStep* s) {
    s->at = f->Optional("at");
    s->time = f->Required("time");
  });
}

MeasureStep ParseMeasure(FormulaReader* r) {
  if (!r->Child("measure").IsMap()) return {r->Text("measure", true), std::nullopt, {}};
  return ReadFields<MeasureStep>(r, "measure", [](FormulaReader* f, MeasureStep* s) {
    s->what = f->Text("what", true);
    s->center = f->Optional("center");
    FormulaReader gives(f->Child("gives"));
    for (const std::string& name : gives.node().Keys()) {
      Dimension dimension = Dimension::kNone;
      const std::string text = gives.Text(name, true);
      if (!DimensionNamed(text, &dimension)) {
        gives.Fail(name, absl::StrCat("'", text, "' is no dimension, such as length or time"));
      }
      s->gives.emplace_back(name, dimension);
    }
    f->Keep(gives.Done());
  });
}

ForStep ParseFor(FormulaReader* r) {
  ForStep s;
  s.name = r->Text("for", true);
  if (r->ok() && (!IsPlainName(s.name) || IsReserved(s.name))) {
    r->Fail("for", absl::StrCat("'", s.name, "' is no name for a value"));
  }
  s.in = r->Required("in");
  s.body = ReadChildBlock(r, "do");
  return s;
}

RepeatStep ParseRepeat(FormulaReader* r) {
  RepeatStep s;
  s.body = ReadChildBlock(r, "repeat");
  s.until = r->Optional("until");
  s.max = r->Optional("max");
  s.expect = r->Optional("expect");
  s.budget = r->ReadBudget("budget");
  return s;
}

IfStep ParseIf(FormulaReader* r) {
  IfStep s;
  s.condition = r->Required("if");
  s.then = ReadChildBlock(r, "then");
  s.then_line = r->node().Line("then");
  s.has_otherwise = r->Has("else");
  if (s.has_otherwise) {
    s.otherwise = ReadChildBlock(r, "else");
    s.otherwise_line = r->node().Line("else");
  } else {
    r->reader().Known("else");
  }
  return s;
}

AskStep ParseAsk(FormulaReader* r) {
  AskStep s;
  s.question = r->Sentence("ask");
  s.name = r->Text("name", false);
  s.answer = r->Text("answer", false);
  if (s.answer.empty()) s.answer = "yes_no";
  s.between = r->Optional("between");
  s.timeout = r->Optional("timeout");
  if (s.answer == "yes_no") {
    s.on_timeout = r->Text("on_timeout", false);
    if (!s.on_timeout.empty() && s.on_timeout != "deny") {
      r->Fail("on_timeout", "silence is never consent; allowed: deny");
    }
    if (s.between) r->Fail("between", "belongs to an answer that is a number");
    s.expect = r->OneOf("expect", {"yes", "no"});
  } else if (const std::optional<Formula> f = r->Optional("on_timeout")) {
    s.on_timeout = f->text();
    if (s.on_timeout != "deny") s.otherwise = f;
  }
  return s;
}

DecideStep ParseDecide(FormulaReader* r) {
  DecideStep s;
  s.agent = r->Text("decide", true);
  s.outputs = r->Bindings("choose", FormulaReader::Kind::kLabels);
  s.value = r->Optional("maximise");
  r->reader().Known("observe");
  if (r->Has("observe")) s.observe = r->Bindings("observe", FormulaReader::Kind::kLabels);
  return s;
}

BudgetStep ParseBudget(FormulaReader* r) {
  BudgetStep s;
  s.budget = r->ReadBudget("budget");
  s.body = ReadChildBlock(r, "do");
  return s;
}

PlainStep ParsePlain(FormulaReader* r, const std::string& verb) {
  std::string nothing;
  r->reader().Known(verb);
  r->reader().Text(verb, &nothing);
  if (!nothing.empty()) r->Fail(verb, "takes nothing; write the word alone");
  return {verb};
}

struct VerbForm {
  const char* name;
  bool is_command;  // may fail, so may have on_fault
  bool has_result;  // may have `as`
  std::function<void(FormulaReader*, Step*)> read;
};

template <class F>
VerbForm Form(const char* name, bool is_command, bool has_result, F parse) {
  return {name, is_command, has_result, [parse](FormulaReader* r, Step* s) { s->body = parse(r); }};
}

const std::vector<VerbForm>& Verbs() {
  static const std::vector<VerbForm>* const kVerbs = [] {
    auto* all = new std::vector<VerbForm>{
        Form("read", true, true, ParseRead),
        Form("set", true, true, ParseSet),
        Form("scan", true, true, ParseScan),
        Form("expose", true, true, ParseExpose),
        Form("park", true, true, ParsePark),
        Form("measure", true, true, ParseMeasure),
        Form("let", false, false,
             [](FormulaReader* r) {
               return LetStep{r->Bindings("let", FormulaReader::Kind::kVariables)};
             }),
        Form("log", false, false, [](FormulaReader* r) { return LogStep{r->Sentence("log")}; }),
        Form("save", false, false,
             [](FormulaReader* r) {
               return SaveStep{r->Bindings("save", FormulaReader::Kind::kLabels)};
             }),
        Form("wait", false, false, [](FormulaReader* r) { return WaitStep{r->Required("wait")}; }),
        Form("stop", false, false, [](FormulaReader* r) { return StopStep{r->Sentence("stop")}; }),
        Form("for", false, false, ParseFor),
        Form("repeat", false, false, ParseRepeat),
        Form("if", false, false, ParseIf),
        Form("ask", false, true, ParseAsk),
        Form("decide", false, true, ParseDecide)};
    for (const char* plain : {"blank", "unblank", "safe", "abort"}) {
      all->push_back(
          Form(plain, true, false, [plain](FormulaReader* r) { return ParsePlain(r, plain); }));
    }
    return all;
  }();
  return *kVerbs;
}

const VerbForm* FindVerb(const std::string& name) {
  static const VerbForm kBudget = Form("budget", false, false, ParseBudget);
  if (name == "budget") return &kBudget;
  for (const VerbForm& verb : Verbs()) {
    if (name == verb.name) return &verb;
  }
  return nullptr;
}

std::string VerbNames() {
  std::vector<std::string> names;
  for (const VerbForm& verb : Verbs()) names.push_back(verb.name);
  names.push_back("budget");
  return absl::StrJoin(names, ", ");
}

// The key that says what the step is: `budget` only where no other is, as a repeat has one too.
absl::StatusOr<const VerbForm*> VerbOf(const Config& node) {
  const VerbForm* found = nullptr;
  for (const std::string& key : node.Keys()) {
    const VerbForm* verb = FindVerb(key);
    if (!verb || key == "budget") continue;
    if (found) {
      return node.Error(key, absl::StrCat("a step has one verb, and this one has '", found->name,
                                          "' already; begin another step with '- '"));
    }
    found = verb;
  }
  if (!found && node.Has("budget")) found = FindVerb("budget");
  if (found) return found;
  const std::vector<std::string> keys = node.Keys();
  const std::string what =
      keys.empty() ? "an empty step" : absl::StrCat("'", absl::StrJoin(keys, ", "), "' is no step");
  return node.Error(keys.empty() ? "" : keys[0], absl::StrCat(what, "; allowed: ", VerbNames()));
}

void ReadCommon(FormulaReader* r, const VerbForm& verb, Step* step) {
  if (verb.has_result) {
    step->as = r->Text("as", false);
    if (!step->as.empty() && (!IsPlainName(step->as) || IsReserved(step->as))) {
      r->Fail("as", absl::StrCat("'", step->as,
                                 "' is no name for a result; allowed: a letter, then letters, "
                                 "digits and _, and no word of the language"));
    }
  }
  if (!verb.is_command) return;
  const std::string on_fault = r->Choice("on_fault", {"stop", "continue", "retry"});
  step->on_fault = on_fault == "continue" ? Step::OnFault::kContinue
                   : on_fault == "retry"  ? Step::OnFault::kRetry
                                          : Step::OnFault::kStop;
  r->reader().Known("retries");
  if (step->on_fault == Step::OnFault::kRetry) {
    step->retries = int(r->Whole("retries", 2, {.min = 1, .max = 10}));
  } else if (r->Has("retries")) {
    r->Fail("retries", "belongs to on_fault: retry");
  }
}

absl::StatusOr<Step> ReadStepNode(const Config& list, size_t index) {
  Step step;
  const Config item = list.Item(index);
  if (!item.IsMap()) {  // a word alone
    const absl::StatusOr<std::string> word = item.Scalar();
    const bool plain = word.ok() && (*word == "blank" || *word == "unblank" || *word == "safe" ||
                                     *word == "abort");
    if (!plain) {
      return item.Error("", absl::StrCat("'", word.ok() ? *word : "a list",
                                         "' is no step; allowed: ", VerbNames()));
    }
    step.verb = *word;
    step.where = item.Where("");
    step.path = item.path();
    step.line = item.Line("");
    step.body = PlainStep{*word};
    return step;
  }
  RONCHI_ASSIGN_OR_RETURN(const VerbForm* verb, VerbOf(item));
  step.verb = verb->name;
  step.where = item.Where(verb->name);
  step.path = absl::StrCat(item.path(), ".", verb->name);
  step.line = item.Line(verb->name);
  FormulaReader r(item);
  verb->read(&r, &step);
  ReadCommon(&r, *verb, &step);
  RONCHI_RETURN_IF_ERROR(r.Done());
  return step;
}

absl::StatusOr<Block> ReadBlock(const Config& node) {
  Block block;
  for (size_t i = 0; i < node.size(); ++i) {
    RONCHI_ASSIGN_OR_RETURN(Step step, ReadStepNode(node, i));
    block.push_back(std::move(step));
  }
  return block;
}

}  // namespace

absl::StatusOr<Workflow> ReadWorkflow(const Config& config) {
  Workflow w;
  w.file = config.file();
  FormulaReader r(config);
  int version = 1;
  r.reader().Integer("version", &version, {.min = 1, .max = 1}, true);
  w.title = r.Text("workflow", true);
  // A mapping is for whoever opens it.
  if (!r.Child("instrument").IsMap()) w.instrument = r.Text("instrument", false);
  r.reader().Seed("seed", &w.seed);
  w.budget = r.ReadBudget("budget", true);
  if (r.Has("let")) {
    w.constants.bindings = r.Bindings("let", FormulaReader::Kind::kVariables);
  } else {
    r.reader().Known("let");
  }
  const Config guard = r.Child("guard");
  if (r.ok()) r.Keep(internal::ReadGuard(guard, &w));
  w.steps = ReadChildBlock(&r, "steps");
  if (r.Has("on_fault")) {
    w.on_fault = ReadChildBlock(&r, "on_fault");
  } else {
    r.reader().Known("on_fault");
  }
  RONCHI_RETURN_IF_ERROR(r.Done());
  return w;
}

}  // namespace ronchi::hw::workflow
