#include "experiments/command/flow_verbs.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "core/printable.h"
#include "experiments/flow/flow.h"
#include "experiments/flow/flow_control.h"
#include "experiments/flow/flow_host.h"
#include "experiments/flow/flow_report.h"
#include "experiments/flow/flow_schema.h"

namespace ronchi {
namespace {

namespace wf = hw::workflow;
using nlohmann::json;

absl::StatusOr<FlowOptions> ToFlowOptions(const Arguments& a) {
  FlowOptions o{.path = a.target,
                .instrument = a.instrument,
                .overrides = a.overrides,
                .seed = a.seed,
                .folder = a.output,
                .resume = a.resume,
                .quiet = a.quiet,
                .attended = a.attended};
  RONCHI_ASSIGN_OR_RETURN(o.answers, AnswersOf(a));
  return o;
}

json ToJson(const wf::Spending& s) {
  return {{"time_s", s.time_s},
          {"dose_e_per_A2", s.dose_e_per_m2 * 1e-20},
          {"electrons", s.electrons},
          {"commands", s.commands}};
}

json ToJson(const CheckedFlow& flow) {
  json findings = json::array(), steps = json::array();
  for (const wf::Finding& f : flow.report.findings) {
    findings.push_back({{"severity", std::string(wf::SeverityName(f.severity))},
                        {"line", f.line},
                        {"message", f.message}});
  }
  for (const wf::StepForecast& s : flow.report.steps) {
    steps.push_back({{"line", s.line},
                     {"verb", s.verb},
                     {"times", s.times},
                     {"expected_time_s", s.expected_time_s},
                     {"worst_time_s", s.worst_time_s},
                     {"worst_electrons", s.worst_electrons}});
  }
  return {{"file", flow.workflow.file},
          {"workflow", flow.workflow.title},
          {"instrument", flow.instrument.description.id},
          {"ok", flow.report.ok()},
          {"findings", findings},
          {"steps", steps},
          {"expected", ToJson(flow.report.expected)},
          {"worst", ToJson(flow.report.worst)},
          {"waiting_for_people_s", flow.report.person_s},
          {"guard_dose_e_per_A2", flow.report.guard_dose_e_per_m2 * 1e-20}};
}

void PrintSpending(const char* what, const wf::Spending& s) {
  std::printf("  %-9s %10.4g s  %10.4g e/A^2  %10.4g electrons  %6.0f commands\n", what, s.time_s,
              s.dose_e_per_m2 * 1e-20, s.electrons, s.commands);
}

void PrintCheck(const CheckedFlow& flow) {
  size_t errors = 0, guarded = 0;
  for (const wf::Finding& f : flow.report.findings) {
    std::printf("%-8s %s\n", std::string(wf::SeverityName(f.severity)).c_str(),
                Printable(f.message).c_str());
    errors += f.severity == wf::Finding::Severity::kError;
    guarded += f.severity == wf::Finding::Severity::kGuarded;
  }
  std::printf(
      "%s on %s: %s\n", Printable(flow.workflow.title).c_str(),
      Printable(flow.instrument.description.id).c_str(),
      errors > 0    ? absl::StrCat("refused, ", errors, errors > 1 ? " errors" : " error").c_str()
      : guarded > 0 ? absl::StrCat("allowed; ", guarded, " left to the guard at run time").c_str()
                    : "allowed; every step proven");
  PrintSpending("expected", flow.report.expected);
  PrintSpending("at most", flow.report.worst);
  if (flow.report.person_s > 0) {
    std::printf("  besides, up to %.4g s waiting for people\n", flow.report.person_s);
  }
  std::printf("  by step: line  verb      times       at most s  electrons\n");
  for (const wf::StepForecast& s : flow.report.steps) {
    std::printf("           %5d  %-8s %6.0f  %14.4g  %9.4g\n", s.line, s.verb.c_str(), s.times,
                s.worst_time_s, s.worst_electrons);
  }
}

}  // namespace

int CheckWorkflow(const Arguments& a) {
  const auto options = ToFlowOptions(a);
  if (!options.ok()) return Fail(options.status());
  const auto flow = CheckFlow(*options);
  if (!flow.ok()) return Fail(flow.status());
  if (a.as_json)
    PrintJson(ToJson(**flow));
  else
    PrintCheck(**flow);
  return (*flow)->report.ok() ? kDone : kBadInput;
}

int RunWorkflow(const Arguments& a) {
  const auto options = ToFlowOptions(a);
  if (!options.ok()) return Fail(options.status());
  const auto outcome = RunFlow(*options);
  if (!outcome.ok()) return Fail(outcome.status());
  const wf::RunResult& r = outcome->result;
  if (a.as_json) {
    PrintJson({{"folder", outcome->folder},
               {"ending", std::string(EndingName(outcome->ending))},
               {"ended_by", r.ended_by},
               {"finished", r.finished},
               {"passed_over", r.passed_over},
               {"skipped", r.skipped},
               {"replayed", r.replayed},
               {"in_flight", r.in_flight},
               {"spent", ToJson(r.spent)},
               {"expected", ToJson(outcome->forecast.expected)},
               {"worst", ToJson(outcome->forecast.worst)},
               {"files", outcome->files}});
  } else {
    std::printf("ended by %s%s\n", Printable(r.ended_by).c_str(),
                r.finished ? "" : "; ronchi run --resume goes on with it");
    if (r.skipped > 0) {
      std::printf("%zu steps were left out by a person (flow skip)\n", r.skipped);
    }
    if (r.passed_over > 0) {
      std::printf("%zu commands failed and were passed over (on_fault: continue)\n", r.passed_over);
    }
    PrintSpending("spent", r.spent);
    PrintSpending("expected", outcome->forecast.expected);
    PrintSpending("at most", outcome->forecast.worst);
    std::printf("written to %s:\n ", Printable(outcome->folder).c_str());
    for (const std::string& file : outcome->files) std::printf(" %s", file.c_str());
    std::printf("\n");
  }
  if (outcome->ending != Ending::kDone) {
    const std::string why(absl::StripPrefix(r.ended_by, "fault: "));
    (void)Fail(absl::AbortedError(
        absl::StrCat(outcome->ending == Ending::kFault ? "failed: " : "ended early: ", why)));
  }
  return ExitStatus(outcome->ending);
}

int FlowStatus(const Arguments& a) {
  const auto state = ReadFlowState(a.second);
  if (!state.ok()) return Fail(state.status());
  const std::string name(FlowStateName(state->kind));
  if (a.as_json) {
    PrintJson({{"folder", a.second},
               {"state", name},
               {"workflow", state->title},
               {"instrument", state->instrument},
               {"sitting", state->sitting},
               {"pid", state->pid},
               {"step", state->step},
               {"ended_by", state->ended_by},
               {"question", state->question},
               {"commands", state->commands},
               {"time_s", state->time_s},
               {"electrons", state->electrons},
               {"quiet_s", state->quiet_s}});
    return kDone;
  }
  std::printf("%s: %s on %s\n%s\n", a.second.c_str(), Printable(state->title).c_str(),
              Printable(state->instrument).c_str(),
              Printable(DescribeFlowState(*state, a.second)).c_str());
  std::printf("  so far %.4g s  %.4g electrons  %.0f commands; last heard of %.0f s ago\n",
              state->time_s, state->electrons, state->commands, state->quiet_s);
  if (state->kind == FlowState::Kind::kAsking) {
    const wf::Question q = QuestionFromJson(state->question);
    std::printf("  question '%s', within %.0f s: ronchi flow answer %s …\n  allowed: %s\n",
                Printable(q.name).c_str(), state->question_left_s, a.second.c_str(),
                AnswersAllowed(q).c_str());
  }
  return kDone;
}

int Flow(const Arguments& a) {
  const std::vector<std::string> words = {"pause", "resume", "skip", "stop", "answer", "status"};
  if (std::find(words.begin(), words.end(), a.target) == words.end()) {
    return Fail(absl::InvalidArgumentError(
        absl::StrCat("'", a.target, "' is not allowed; allowed: ", absl::StrJoin(words, ", "))));
  }
  if (a.target == "status") return FlowStatus(a);
  if (a.text.empty() == (a.target == "answer")) {
    return Fail(absl::InvalidArgumentError(
        a.target == "answer" ? "flow answer: the answer is missing, as in: flow answer <run> yes"
                             : absl::StrCat("'", a.text, "' is one word too many")));
  }
  const auto said = TellFlow(a.second, a.target, a.text, a.wait_s);
  if (!said.ok()) return Fail(said.status());
  if (a.as_json)
    PrintJson({{"folder", a.second}, {"told", a.target}, {"said", *said}});
  else
    std::printf("%s: %s\n", a.second.c_str(), said->c_str());
  return kDone;
}

int ReplayWorkflow(const Arguments& a) { return TellReplay(a, ReplayFlow(a.target)); }

int ReportWorkflow(const Arguments& a) {
  const std::string path = a.output.empty() ? a.target + "/report.html" : a.output;
  return TellReport(a, path, WriteFlowReport(a.target, path));
}

int DescribeWorkflow(const Arguments& a) {
  if (a.target != "workflow" || !a.schema) {
    return Fail(absl::InvalidArgumentError("ronchi-flow describes nothing but workflow --schema"));
  }
  PrintJson(WorkflowSchema());
  return Finish();
}

}  // namespace ronchi
