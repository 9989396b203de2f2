#include "experiments/loop/run.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "experiments/loop/person.h"
#include "experiments/loop/policy_reference.h"
#include "experiments/loop/train.h"
#include "experiments/record/log.h"
#include "experiments/record/run_figures.h"
#include "experiments/record/run_folder.h"
#include "experiments/record/trained_policy.h"
#include "experiments/report/run_report.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

// All that a run writes.
const std::vector<std::string>& FileNames() {
  static const std::vector<std::string> names = {"config.yaml", "data.hdf5",   "events.jsonl",
                                                 "frames.f32",  "policy.json", "report.html",
                                                 "summary.json"};
  return names;
}

// Rows of the trace at which the twin's events took effect.
std::vector<int> DisturbedRows(const Recipe& recipe, const Trace& trace) {
  std::vector<int> rows;
  const std::vector<double>& scan = trace["scan"];
  ConfigReader r(recipe.deploy_instrument);
  const Config events = r.Child("events");
  for (size_t i = 0; events.IsSequence() && i < events.size(); ++i) {
    int at_scan = 0;
    ConfigReader(events.Item(i)).Integer("at_scan", &at_scan);
    const auto it =
        std::find_if(scan.begin(), scan.end(), [&](double s) { return s >= double(at_scan); });
    if (it != scan.end()) rows.push_back(int(it - scan.begin()));
  }
  return rows;
}

struct Agent {
  agents::Trained trained;
  References references;      // of its file
  agents::Provenance origin;  // likewise
};
absl::StatusOr<Agent> GetAgent(const RunOptions& options, const Recipe& recipe) {
  Agent agent;
  if (options.policy.empty()) {
    RONCHI_ASSIGN_OR_RETURN(agent.trained, TrainAgent(recipe));
    return agent;
  }
  RONCHI_ASSIGN_OR_RETURN(agent.trained.policy, LoadPolicyFor(recipe.environment, options.policy));
  RONCHI_ASSIGN_OR_RETURN(agent.origin, agents::LoadProvenance(options.policy));
  agent.references = GetReferences(agent.origin);
  return agent;
}

// A full disk is the user's to mend, though the guard had to take it for a fault of the instrument.
absl::Status DiskFullIsBadInput(const absl::Status& s, const std::string& folder) {
  if (!absl::StrContains(s.message(), std::strerror(ENOSPC))) return s;
  return absl::ResourceExhaustedError(absl::StrCat(folder, ": ", std::string(s.message())));
}

void LogStart(const Recipe& recipe, const std::string& folder) {
  Log(absl::StrCat("recipe ", recipe.name, ", task ", recipe.environment, ", seed ", recipe.seed,
                   ", ", Threads(), " threads, into ", folder));
  for (const char* part : {"train", "tune.instrument", "deploy.instrument"}) {
    Log(absl::StrCat("seed of '", part, "': ", DeriveSeed(recipe.seed, part)));
  }
}

absl::Status SaveAgent(const Agent& agent, const Recipe& recipe, const RunRecord& record,
                       const std::string& folder) {
  agents::Provenance origin = agent.origin;  // of a file: it keeps what it says of itself
  if (origin.empty()) {
    origin = ProvenanceOf(recipe, record.commit, int(agent.trained.summary.steps));
    PutReferences(agent.references, &origin);
  }
  return agents::SavePolicy(*agent.trained.policy, origin, folder + "/policy.json");
}

absl::Status RunStages(const RunOptions& options, const Recipe& recipe, const std::string& folder,
                       const std::shared_ptr<hw::EventLog>& log, RunRecord* record) {
  EventBus bus;
  const auto notes = bus.Subscribe(NotesOf(log));
  TerminalProgress terminal;
  const auto shown = bus.Subscribe([&](const Event& event) { return terminal.Take(event); });
  RONCHI_RETURN_IF_ERROR(bus.Publish(events::Note{"config", HashOf(record->config).LowHex()}));
  RONCHI_ASSIGN_OR_RETURN(Agent agent, GetAgent(options, recipe));
  agents::Policy* const policy = agent.trained.policy.get();
  Log(absl::StrCat("agent '", policy->kind(), "' ready after ", agent.trained.summary.steps,
                   " steps"));
  record->agent = policy->kind();
  record->environment = recipe.environment;
  record->training = agent.trained.summary;
  RONCHI_RETURN_IF_ERROR(SaveAgent(agent, recipe, *record, folder));
  if (options.policy.empty()) {
    RONCHI_ASSIGN_OR_RETURN(TuneResult tuned, Tune(recipe, policy, log, &bus));
    record->tune = std::move(tuned.trace);
    agent.references = std::move(tuned.references);
    record->tune_steps_planned = recipe.tune_steps;
    Log(absl::StrFormat("tuned: %u %ss", record->tune->rows(), RowWord(*record->tune)));
    RONCHI_RETURN_IF_ERROR(SaveAgent(agent, recipe, *record, folder));
  }
  const Confirm confirm = ConfirmAtTerminal(options.answers);
  DeployOptions deploy{
      .accept_current = AskAboutBeam(confirm),
      .ask = [confirm](const std::string& question) { return confirm(kAlarmQuestion, question); }};
  if (recipe.monitor.policy_reference) deploy.references = agent.references;
  RONCHI_ASSIGN_OR_RETURN(record->deploy, Deploy(recipe, policy, log, &bus, deploy));
  record->disturbed_at = DisturbedRows(recipe, record->deploy.trace);
  Log(absl::StrFormat("deployed: %u %ss, %u alarms, ended by %s", record->deploy.trace.rows(),
                      RowWord(record->deploy.trace), record->deploy.alarms.size(),
                      record->deploy.ended_by));
  return absl::OkStatus();
}

absl::Status WriteFolder(const RunOptions& options, const Recipe& recipe,
                         const std::shared_ptr<hw::EventLog>& log, RunOutcome* outcome) {
  const std::string& folder = outcome->folder;
  LogStart(recipe, folder);
  RONCHI_RETURN_IF_ERROR(WriteFileAtomically(folder + "/config.yaml", outcome->record.config));
  RONCHI_RETURN_IF_ERROR(RunStages(options, recipe, folder, log, &outcome->record));
  RONCHI_RETURN_IF_ERROR(WriteRunRecord(folder, outcome->record));
  RONCHI_RETURN_IF_ERROR(WriteRunReport(folder + "/report.html", outcome->record));
  for (const auto& entry : fs::directory_iterator(folder)) {
    outcome->files.push_back(entry.path().filename());
    Log(absl::StrCat("wrote ", entry.path().string(), ", ", entry.file_size(), " bytes"));
  }
  std::sort(outcome->files.begin(), outcome->files.end());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ResolvedRecipe> ResolveRecipe(const RunOptions& options) {
  RONCHI_ASSIGN_OR_RETURN(const std::string path, FindRecipe(options.recipe));
  std::vector<std::string> overrides = options.overrides;
  if (options.seed) overrides.push_back(absl::StrCat("seed=", *options.seed));
  RONCHI_ASSIGN_OR_RETURN(const Config config, Config::Load(path, overrides));
  RONCHI_ASSIGN_OR_RETURN(Recipe recipe, ReadRecipe(config));
  return ResolvedRecipe{std::move(recipe), config.Dump()};
}

absl::StatusOr<RunOutcome> RunExperiment(const RunOptions& options) {
  RONCHI_ASSIGN_OR_RETURN(const ResolvedRecipe resolved, ResolveRecipe(options));
  const Recipe& recipe = resolved.recipe;
  RunOutcome outcome;
  const std::string base = absl::StrCat("runs/", recipe.name, "-seed", recipe.seed);
  RONCHI_ASSIGN_OR_RETURN(RunFolder folder, options.folder.empty()
                                                ? RunFolder::TakeFree(base)
                                                : RunFolder::Take(options.folder));
  folder.DeleteUnlessKept(FileNames());
  outcome.folder = folder.path();
  RunRecord& record = outcome.record;
  record.name = recipe.name;
  record.title = recipe.title;
  record.seed = recipe.seed;
  record.config = resolved.text;
  record.version = kVersion;
  record.commit = SourceCommit();
  record.frames_between_false_alarms = recipe.monitor.frames_between_false_alarms;
  RONCHI_ASSIGN_OR_RETURN(const auto log, hw::EventLog::Create(outcome.folder));
  const absl::Status status =
      DiskFullIsBadInput(WriteFolder(options, recipe, log, &outcome), outcome.folder);
  // What a specimen was exposed for is never deleted, whatever ended the run; nor what an
  // instrument did before it failed.
  // The first event is the note of the config.
  const bool done = IsBadInput(status) ? log->exposures() > 0 : log->events() > 1;
  if (status.ok() || done) folder.Keep();
  if (!status.ok() && done) {
    return Annotate(status, outcome.folder + " holds what was recorded until then");
  }
  RONCHI_RETURN_IF_ERROR(status);
  return outcome;
}

}  // namespace ronchi
