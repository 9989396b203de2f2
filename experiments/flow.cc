#include "experiments/flow.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/printable.h"
#include "core/nesting.h"
#include "experiments/flow_answers.h"
#include "experiments/flow_decider.h"
#include "experiments/flow_host.h"
#include "experiments/run_folder.h"
#include "hw/guarded.h"
#include "hw/recorded.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;
namespace wf = hw::workflow;
using nlohmann::json;

constexpr char kInstrument[] = "workflow";  // its name in the event log
constexpr char kWorkflowFile[] = "/workflow.yaml", kRunFile[] = "/run.json";

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
    return absl::InvalidArgumentError(
        absl::StrCat(options.folder, kRunFile, ": damaged: ", e.what()));
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

hw::GuardOptions GuardOf(const CheckedFlow& flow, const hw::Description& limited,
                         const std::string& folder) {
  hw::GuardOptions guard;
  // The dose outlives a killed process: what was booked before is booked when the run goes on.
  guard.ledger_file = folder + "/dose.ledger";
  guard.ledger_sync = hw::LedgerSync::kProcess;
  // Something above nothing, where nothing is exposed.
  guard.dose_budget_e_per_m2 = std::max(flow.report.guard_dose_e_per_m2, 1.0);
  for (const wf::PropertyLimits& l : flow.workflow.limits) {
    const hw::PropertyInfo* p = limited.FindProperty(l.property);
    guard.limits[l.property] = {p->min, p->max, p->max_step};
  }
  return guard;
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

absl::Status WriteSummary(const FlowOutcome& o, const std::string& instrument) {
  const json j = {{"format", "ronchi workflow run"},
                  {"format_version", 1},
                  {"instrument", instrument},
                  {"ended_by", o.result.ended_by},
                  {"finished", o.result.finished},
                  {"spent", SpendingJson(o.result.spent)},
                  {"expected", SpendingJson(o.forecast.expected)},
                  {"worst", SpendingJson(o.forecast.worst)}};
  return WriteFileAtomically(o.folder + "/summary.json", j.dump(2) + "\n");
}

absl::Status WriteResults(const FlowOutcome& outcome, const wf::Workflow& workflow,
                          const std::string& instrument) {
  RONCHI_RETURN_IF_ERROR(WriteFlowData(outcome.folder, workflow));
  return WriteSummary(outcome, instrument);
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

}  // namespace

bool IsWorkflowFile(const std::string& path) {
  std::error_code ec;
  if (!fs::is_regular_file(path, ec)) return false;
  const auto config = Config::Load(path);
  return config.ok() && wf::IsWorkflow(*config);
}

absl::StatusOr<std::unique_ptr<CheckedFlow>> CheckFlow(const FlowOptions& options) {
  auto flow = std::make_unique<CheckedFlow>();
  std::vector<std::string> overrides = options.overrides;
  if (options.seed && !options.resume) overrides.push_back(absl::StrCat("seed=", *options.seed));
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Load(options.path, overrides));
  RONCHI_ASSIGN_OR_RETURN(flow->workflow, wf::ReadWorkflow(config));
  // The words of the author, unless the command line has changed them.
  flow->text = config.Dump();
  if (options.overrides.empty()) {
    RONCHI_ASSIGN_OR_RETURN(flow->text, ReadFile(options.path, kConfigFile));
  }
  if (options.seed) flow->workflow.seed = *options.seed;
  const std::string name =
      options.instrument.empty() ? flow->workflow.instrument : options.instrument;
  if (name.empty()) {
    return config.Error("instrument", "missing; name one here or with --instrument");
  }
  RONCHI_ASSIGN_OR_RETURN(flow->instrument, OpenFlowInstrument(name, flow->workflow.seed));
  wf::CheckOptions check = flow->instrument.measured;
  check.agent_problem = AgentProblem;
  flow->report = wf::Check(flow->workflow, flow->instrument.description, check);
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
  std::unique_ptr<wf::Journal> journal;
  ReplaySummary past;
  if (options.resume) {
    RONCHI_ASSIGN_OR_RETURN(journal, wf::Journal::Reopen(outcome.folder));
    if (EndedWithoutFiles(outcome, *journal)) {
      outcome.result = ResultOf(journal->entries().back());
      RONCHI_RETURN_IF_ERROR(WriteResults(outcome, flow->workflow, flow->instrument.name));
      return outcome;
    }
    if (flow->instrument.truth) {
      RONCHI_RETURN_IF_ERROR(GoBackTo(outcome.folder, flow->instrument.instrument.get(), &past));
    }
  } else {
    RONCHI_RETURN_IF_ERROR(WriteFileAtomically(outcome.folder + kWorkflowFile, flow->text));
    RONCHI_RETURN_IF_ERROR(WriteFileAtomically(
        outcome.folder + kRunFile,
        json{{"instrument", flow->instrument.name}, {"seed", flow->workflow.seed}}.dump(2) + "\n"));
    RONCHI_ASSIGN_OR_RETURN(journal, wf::Journal::Create(outcome.folder));
  }
  RONCHI_ASSIGN_OR_RETURN(auto log, NewEventLog(outcome.folder));
  if (past.different > 0) {
    const std::string what = "not the twin that was left: " + past.first_difference;
    RONCHI_RETURN_IF_ERROR(log->Note("resume", what));
    if (!options.quiet) std::fprintf(stderr, "%s\n", Printable(what).c_str());
  }
  RONCHI_ASSIGN_OR_RETURN(const hw::Description limited,
                          wf::WithLimits(flow->workflow, flow->instrument.description));
  hw::GuardOptions guard = GuardOf(*flow, limited, outcome.folder);
  guard.on_event = [log](const std::string& what) { (void)log->Note("guard", what); };
  RONCHI_ASSIGN_OR_RETURN(
      const auto guarded,
      hw::MakeGuarded(hw::MakeRecorded(std::move(flow->instrument.instrument), kInstrument, log),
                      guard));
  TerminalHost host(
      {.folder = outcome.folder,
       .answers = options.answers,
       .truth = flow->instrument.truth,
       .quiet = options.quiet,
       .on_pass = [log](double seconds) { (void)log->Passed(kInstrument, seconds); }});
  AgentDecider decider;
  InstallFlowSignals();
  RONCHI_ASSIGN_OR_RETURN(
      outcome.result,
      wf::RunWorkflow({.workflow = &flow->workflow,
                       .report = &flow->report,
                       .instrument = guarded.get(),
                       .journal = journal.get(),
                       .folder = outcome.folder,
                       .host = &host,
                       .decider = &decider,
                       .worst_current_A = flow->instrument.measured.worst_current_A}));
  RONCHI_RETURN_IF_ERROR(WriteResults(outcome, flow->workflow, flow->instrument.name));
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(outcome.folder, ec)) {
    outcome.files.push_back(entry.path().filename());
  }
  std::sort(outcome.files.begin(), outcome.files.end());
  return outcome;
}

absl::StatusOr<ReplaySummary> ReplayFlow(const std::string& folder) {
  RONCHI_ASSIGN_OR_RETURN(const FlowOptions options,
                          Resolve({.path = folder, .resume = true, .quiet = true}));
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
