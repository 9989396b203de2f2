#include "experiments/flow/flow.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "core/printable.h"
#include "experiments/flow/flow_answers.h"
#include "experiments/flow/flow_decider.h"
#include "experiments/flow/flow_ending.h"
#include "experiments/flow/flow_guard.h"
#include "experiments/flow/flow_host.h"
#include "experiments/flow/flow_report.h"
#include "experiments/record/run_folder.h"
#include "experiments/record/run_record.h"
#include "hw/instrument/error.h"
#include "hw/record/recorded.h"
#include "hw/safety/guarded.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;
namespace wf = hw::workflow;
using nlohmann::json;

constexpr char kInstrument[] = "workflow", kRunFile[] = "/run.json",
               kWorkflowFile[] = "/workflow.yaml";

absl::StatusOr<RunFolder> TakeFolder(const FlowOptions& options, uint64_t seed) {
  if (!options.folder.empty()) return RunFolder::Take(options.folder);
  return RunFolder::TakeFree(
      absl::StrCat("runs/", fs::path(options.path).stem().string(), "-seed", seed));
}

// The path and instrument of the options, or of the folder that is gone on with.
absl::StatusOr<FlowOptions> Resolve(FlowOptions options) {
  if (!options.resume) return options;
  std::error_code ec;
  if (!fs::is_directory(options.path, ec)) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.path, ": --resume takes the folder of a run"));
  }
  if (!options.overrides.empty() || options.seed || !options.folder.empty()) {
    return absl::InvalidArgumentError("--resume goes on as it was: no --set, --seed or -o with it");
  }
  options.folder = options.path;
  options.path = options.folder + kWorkflowFile;
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.folder + kRunFile, kConfigFile));
  const json run = NestsTooDeeply(text) ? json() : json::parse(text, nullptr, false);
  if (!run.is_object()) return absl::InvalidArgumentError(options.folder + kRunFile + ": damaged");
  try {
    if (options.instrument.empty()) options.instrument = run.value("instrument", "");
    options.seed = run.value("seed", uint64_t{1});
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(options.folder + kRunFile + ": damaged: " + JsonError(e));
  }
  return options;
}

// The folders of the sittings so far, and behind them that of the next.
std::vector<std::string> Sittings(const std::string& folder) {
  std::vector<std::string> sittings = {folder};
  std::error_code ec;
  for (int i = 2; fs::exists(sittings.back() + "/events.jsonl", ec); ++i) {
    sittings.push_back(absl::StrCat(folder, "/sitting-", i));
  }
  return sittings;
}

// Brings a twin to where it stood when the last sitting ended. A real column stands there anyway.
absl::Status GoBackTo(const std::string& folder, hw::Instrument* twin, ReplaySummary* summary) {
  std::vector<std::string> sittings = Sittings(folder);
  sittings.pop_back();
  for (const std::string& sitting : sittings) {
    RONCHI_RETURN_IF_ERROR(ReplayRecording(sitting, kInstrument, twin, summary));
  }
  return absl::OkStatus();
}

// Of one sitting: events are never overwritten.
absl::StatusOr<std::shared_ptr<hw::EventLog>> NewEventLog(const std::string& folder) {
  const std::string sitting = Sittings(folder).back();
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(sitting));
  return hw::EventLog::Create(sitting);
}

json SpendingJson(const wf::Spending& s) {
  return {{"time_s", s.time_s},
          {"dose_e_per_A2", s.dose_e_per_m2 * 1e-20},
          {"electrons", s.electrons},
          {"commands", s.commands}};
}

absl::Status FirstError(const wf::CheckReport& report) {
  size_t errors = 0;
  std::string first;
  for (const wf::Finding& f : report.findings) {
    if (f.severity == wf::Finding::Severity::kError && errors++ == 0) first = f.message;
  }
  if (errors > 1) absl::StrAppend(&first, "; and ", errors - 1, " more: see ronchi check");
  return absl::InvalidArgumentError(first);
}

absl::Status WriteSummary(const FlowOutcome& o, const CheckedFlow& flow) {
  const json j = {{"format", "ronchi workflow run"},
                  {"format_version", 1},
                  {"title", flow.workflow.title},
                  {"instrument", flow.instrument.name},
                  {"seed", flow.workflow.seed},
                  {"version", kVersion},
                  {"commit", SourceCommit()},
                  {"ending", std::string(EndingName(o.ending))},
                  {"ended_by", o.result.ended_by},
                  {"finished", o.result.finished},
                  {"passed_over", o.result.passed_over},
                  {"skipped", o.result.skipped},
                  {"spent", SpendingJson(o.result.spent)},
                  {"expected", SpendingJson(o.forecast.expected)},
                  {"worst", SpendingJson(o.forecast.worst)}};
  return WriteFileAtomically(o.folder + "/summary.json", j.dump(2) + "\n");
}

absl::Status WriteResults(const CheckedFlow& flow, FlowOutcome* outcome) {
  outcome->ending = EndingOf(outcome->result);
  RONCHI_RETURN_IF_ERROR(WriteFlowData(outcome->folder, flow.workflow));
  RONCHI_RETURN_IF_ERROR(WriteSummary(*outcome, flow));
  RONCHI_RETURN_IF_ERROR(WriteFlowReport(outcome->folder, outcome->folder + "/report.html"));
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(outcome->folder, ec)) {
    outcome->files.push_back(entry.path().filename());
  }
  std::sort(outcome->files.begin(), outcome->files.end());
  return absl::OkStatus();
}

// A run that has ended, and was killed before its files were made of the journal: the summary is
// the last of them.
bool EndedWithoutFiles(const FlowOutcome& outcome, const wf::Journal& journal) {
  std::error_code ec;
  return !journal.entries().empty() && journal.entries().back().value("type", "") == "finish" &&
         journal.entries().back().contains("time_s") &&
         !fs::exists(outcome.folder + "/summary.json", ec);
}

wf::RunResult ResultOf(const json& finish) {
  wf::RunResult r;
  r.ended_by = finish.value("ended_by", "");
  r.finished = true;
  r.spent = {finish.value("time_s", 0.0), finish.value("dose_e_per_m2", 0.0),
             finish.value("electrons", 0.0), finish.value("commands", 0.0)};
  return r;
}

absl::Status NotEndedYet(const std::string& folder, const wf::Journal& journal) {
  for (const json& e : journal.entries()) {
    if (e.value("type", "") != "finish") continue;
    return absl::FailedPreconditionError(absl::StrCat(folder, ": this run has ended (",
                                                      e.value("ended_by", ""),
                                                      "); begin another in a new folder"));
  }
  return absl::OkStatus();
}

// The text of workflow.yaml, as the run's first sitting found it: an edited one is another
// workflow.
absl::Status SameDocument(const std::string& folder, const std::vector<json>& entries,
                          const std::string& text) {
  for (const json& e : entries) {
    if (e.value("type", "") != "sitting") continue;
    if (e.value("document", "") == HashOf(text).LowHex()) break;
    return absl::InvalidArgumentError(absl::StrCat(
        folder, kWorkflowFile, ": has been changed since it was run; its run does not fit it"));
  }
  return absl::OkStatus();
}

// One sitting of a run: its folder is there, its journal is ours.
struct Sitting {
  std::unique_ptr<wf::Journal> journal;
  std::shared_ptr<hw::EventLog> log;
  int number = 1;
  std::string ledger_file;  // as the first sitting found it, wherever this one runs
};

absl::StatusOr<Sitting> BeginSitting(const FlowOptions& options, const CheckedFlow& flow,
                                     const std::string& folder) {
  Sitting s;
  s.ledger_file = flow.guard.ledger_file;
  if (!s.ledger_file.empty()) s.ledger_file = fs::absolute(s.ledger_file).lexically_normal();
  if (options.resume) {
    RONCHI_ASSIGN_OR_RETURN(s.journal, wf::Journal::Reopen(folder));
    RONCHI_RETURN_IF_ERROR(SameDocument(folder, s.journal->entries(), flow.text));
    RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + kRunFile, kConfigFile));
    const json run = json::parse(text, nullptr, false);
    if (run.is_object() && run.contains("ledger_file")) {
      if (!run["ledger_file"].is_string()) {
        return absl::InvalidArgumentError(folder + kRunFile + ": damaged: ledger_file");
      }
      s.ledger_file = run["ledger_file"];
    }
  } else {
    RONCHI_RETURN_IF_ERROR(WriteFileAtomically(folder + kWorkflowFile, flow.text));
    json run = {{"instrument", flow.instrument.name}, {"seed", flow.workflow.seed}};
    if (!s.ledger_file.empty()) run["ledger_file"] = s.ledger_file;
    RONCHI_RETURN_IF_ERROR(WriteFileAtomically(folder + kRunFile, run.dump(2) + "\n"));
    RONCHI_ASSIGN_OR_RETURN(s.journal, wf::Journal::Create(folder));
  }
  if (s.ledger_file.empty()) s.ledger_file = folder + "/dose.ledger";
  return s;
}

// Before the instrument is touched: who sits here, and at what.
absl::Status Introduce(const CheckedFlow& flow, const std::string& folder, Sitting* s) {
  for (const json& e : s->journal->entries()) s->number += e.value("type", "") == "sitting";
  RONCHI_RETURN_IF_ERROR(s->journal->Append({{"type", "sitting"},
                                             {"number", s->number},
                                             {"pid", getpid()},
                                             {"who", UserName()},
                                             {"document", HashOf(flow.text).LowHex()}}));
  RONCHI_ASSIGN_OR_RETURN(s->log, NewEventLog(folder));
  return absl::OkStatus();
}

// A twin in real time need not take as long again as it did before.
absl::Status CatchUp(const CheckedFlow& flow, const std::string& folder, ReplaySummary* past) {
  if (!flow.instrument.real_time) return GoBackTo(folder, flow.instrument.instrument.get(), past);
  RONCHI_ASSIGN_OR_RETURN(FlowInstrument quick,
                          OpenFlowInstrument(*flow.instrument.config, flow.workflow.seed, true));
  RONCHI_RETURN_IF_ERROR(GoBackTo(folder, quick.instrument.get(), past));
  RONCHI_ASSIGN_OR_RETURN(const std::string state, quick.truth->Save());
  return flow.instrument.truth->Restore(state);
}

// The guard's no to a beam that is much weaker than it was: the run stands where it stood.
absl::StatusOr<wf::RunResult> DeniedAtStart(const absl::Status& why, const CheckedFlow& flow,
                                            const std::string& folder, wf::Journal* journal) {
  wf::RunResult result;
  result.ended_by =
      Interrupted() ? "interrupted" : absl::StrCat("denied: ", std::string(why.message()));
  RONCHI_RETURN_IF_ERROR(
      journal->Append({{"type", "note"}, {"what", "ended"}, {"detail", result.ended_by}}));
  RONCHI_ASSIGN_OR_RETURN(const std::vector<json> entries, wf::ReadJournal(folder));
  RONCHI_ASSIGN_OR_RETURN(result.spent, SpentInJournal(entries, flow.instrument.description,
                                                       flow.instrument.measured.worst_current_A,
                                                       flow.instrument.measured.positions));
  return result;
}

absl::StatusOr<wf::RunResult> RunSitting(const FlowOptions& options, const std::string& folder,
                                         Sitting* s, CheckedFlow* flow) {
  FlowInstrument& instrument = flow->instrument;
  std::shared_ptr<hw::EventLog> log = s->log;
  TerminalHost host({.folder = folder,
                     .sitting = s->number,
                     .answers = options.answers,
                     .attended = options.attended,
                     .truth = instrument.truth,
                     .real_time = instrument.real_time,
                     .quiet = options.quiet,
                     .on_pass = [log](double seconds) { (void)log->Passed(kInstrument, seconds); },
                     .note = [s](const json& entry) { (void)s->journal->Append(entry); }});
  hw::GuardOptions guard = flow->guard;
  guard.ledger_file = s->ledger_file;
  guard.accept_current = AskAboutBeam(ConfirmOf(&host));
  guard.on_event = [log, s, &host](const std::string& what) {
    (void)log->Note("guard", what);
    (void)s->journal->Append({{"type", "note"}, {"what", "guard"}, {"detail", what}});
    if (!absl::StartsWith(what, "fault; "))
      host.Log("guard: " + what);  // faults are told by the run
  };
  InstallFlowSignals();
  auto guarded =
      hw::MakeGuarded(hw::MakeRecorded(std::move(instrument.instrument), kInstrument, log), guard);
  if (hw::HasError(guarded.status()) &&
      hw::ErrorOf(guarded.status()).kind == hw::ErrorKind::kRefused) {
    return DeniedAtStart(guarded.status(), *flow, folder, s->journal.get());
  }
  RONCHI_RETURN_IF_ERROR(guarded.status());
  host.set_alive([g = guarded->get()] { g->Heartbeat(); });
  AgentDecider decider;
  return wf::RunWorkflow({.workflow = &flow->workflow,
                          .report = &flow->report,
                          .instrument = guarded->get(),
                          .journal = s->journal.get(),
                          .folder = folder,
                          .host = &host,
                          .decider = &decider,
                          .worst_current_A = instrument.measured.worst_current_A});
}

}  // namespace

absl::StatusOr<std::unique_ptr<CheckedFlow>> CheckFlow(const FlowOptions& options) {
  auto flow = std::make_unique<CheckedFlow>();
  std::vector<std::string> overrides = options.overrides;
  if (options.seed && !options.resume) overrides.push_back(absl::StrCat("seed=", *options.seed));
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Load(options.path, overrides));
  RONCHI_ASSIGN_OR_RETURN(flow->workflow, wf::ReadWorkflow(config));
  if (options.seed) flow->workflow.seed = *options.seed;
  const std::string name =
      options.instrument.empty() ? flow->workflow.instrument : options.instrument;
  const Config mapping = ConfigReader(config).Child("instrument");
  if (name.empty() && !mapping.IsMap()) {
    return config.Error("instrument", "missing; name one here or with --instrument");
  }
  const auto open = [&](const auto& what) {
    return OpenFlowInstrument(what, flow->workflow.seed, options.hurry);
  };
  RONCHI_ASSIGN_OR_RETURN(flow->instrument, name.empty() ? open(mapping) : open(name));
  // The words of the author, where no option has changed them and no path is seen from their file.
  flow->text = config.Dump();
  if (options.overrides.empty() && !name.empty()) {
    RONCHI_ASSIGN_OR_RETURN(flow->text, ReadFile(options.path, kConfigFile));
  }
  wf::CheckOptions check = flow->instrument.measured;
  check.agent_problem = AgentProblem;
  flow->report = wf::Check(flow->workflow, flow->instrument.description, check);
  if (!flow->report.ok()) return flow;
  RONCHI_ASSIGN_OR_RETURN(
      flow->guard, ReadFlowGuard(flow->workflow, flow->instrument.description, &flow->report));
  return flow;
}

absl::StatusOr<FlowOutcome> RunFlow(const FlowOptions& given) {
  RONCHI_ASSIGN_OR_RETURN(const FlowOptions options, Resolve(given));
  RONCHI_ASSIGN_OR_RETURN(const std::unique_ptr<CheckedFlow> flow, CheckFlow(options));
  if (!flow->report.ok()) return FirstError(flow->report);
  if (!flow->instrument.instrument) {
    return absl::InvalidArgumentError(
        absl::StrCat(flow->instrument.name, ": a description alone runs nothing; check with it"));
  }
  RONCHI_RETURN_IF_ERROR(CheckAnswers(flow->workflow, options.answers));
  FlowOutcome outcome;
  outcome.forecast = flow->report;
  outcome.folder = options.folder;
  std::optional<RunFolder> claim;
  if (!options.resume) {
    RONCHI_ASSIGN_OR_RETURN(RunFolder taken, TakeFolder(options, flow->workflow.seed));
    taken.Keep();
    outcome.folder = taken.path();
    claim.emplace(std::move(taken));
  }
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(outcome.folder));
  RONCHI_ASSIGN_OR_RETURN(Sitting sitting, BeginSitting(options, *flow, outcome.folder));
  if (options.resume && EndedWithoutFiles(outcome, *sitting.journal)) {
    outcome.result = ResultOf(sitting.journal->entries().back());
    RONCHI_RETURN_IF_ERROR(WriteResults(*flow, &outcome));
    return outcome;
  }
  RONCHI_RETURN_IF_ERROR(NotEndedYet(outcome.folder, *sitting.journal));
  ReplaySummary past;
  if (options.resume && flow->instrument.truth) {
    RONCHI_RETURN_IF_ERROR(CatchUp(*flow, outcome.folder, &past));
  }
  RONCHI_RETURN_IF_ERROR(Introduce(*flow, outcome.folder, &sitting));
  if (past.different > 0) {
    const std::string what = "not the twin that was left: " + past.first_difference;
    RONCHI_RETURN_IF_ERROR(sitting.log->Note("resume", what));
    if (!options.quiet) std::fprintf(stderr, "%s\n", Printable(what).c_str());
  }
  RONCHI_ASSIGN_OR_RETURN(outcome.result,
                          RunSitting(options, outcome.folder, &sitting, flow.get()));
  RONCHI_RETURN_IF_ERROR(WriteResults(*flow, &outcome));
  return outcome;
}

absl::StatusOr<ReplaySummary> ReplayFlow(const std::string& folder) {
  FlowOptions given{.path = folder, .resume = true, .quiet = true};
  given.hurry = true;
  RONCHI_ASSIGN_OR_RETURN(const FlowOptions options, Resolve(given));
  RONCHI_ASSIGN_OR_RETURN(const std::vector<json> entries, wf::ReadJournal(folder));
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(options.path, kConfigFile));
  RONCHI_RETURN_IF_ERROR(SameDocument(folder, entries, text));
  RONCHI_ASSIGN_OR_RETURN(const std::unique_ptr<CheckedFlow> flow, CheckFlow(options));
  if (!flow->instrument.truth) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder, ": of ", flow->instrument.name, ", which is no simulation"));
  }
  ReplaySummary summary;
  RONCHI_RETURN_IF_ERROR(GoBackTo(folder, flow->instrument.instrument.get(), &summary));
  return summary;
}

}  // namespace ronchi
