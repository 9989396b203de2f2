#include "experiments/run.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agents/policy_file.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "experiments/agent_factory.h"
#include "experiments/beam_question.h"
#include "experiments/flow_host.h"
#include "experiments/log.h"
#include "experiments/run_folder.h"
#include "experiments/run_report.h"
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
  for (const hw::TwinEvent& event : recipe.deploy_instrument.events) {
    const auto it = std::find_if(scan.begin(), scan.end(),
                                 [&](double s) { return s >= double(event.at_scan); });
    if (it != scan.end()) rows.push_back(int(it - scan.begin()));
  }
  return rows;
}

absl::StatusOr<agents::Trained> GetAgent(const RunOptions& options, const Recipe& recipe) {
  if (options.policy.empty()) return TrainAgent(recipe);
  RONCHI_ASSIGN_OR_RETURN(auto policy, agents::LoadPolicy(options.policy));
  return agents::Trained{std::move(policy), {}};
}

// A full disk is the user's to mend, though the guard had to take it for a fault of the instrument.
absl::Status DiskFullIsBadInput(const absl::Status& s, const std::string& folder) {
  if (!absl::StrContains(s.message(), std::strerror(ENOSPC))) return s;
  return absl::ResourceExhaustedError(absl::StrCat(folder, ": ", std::string(s.message())));
}

void LogStart(const Recipe& recipe, const std::string& folder) {
  Log(absl::StrCat("recipe ", recipe.name, ", agent ", recipe.agent.kind, ", seed ", recipe.seed,
                   ", ", Threads(), " threads, into ", folder));
  for (const char* part : {"train", "tune.instrument", "deploy.instrument"}) {
    Log(absl::StrCat("seed of '", part, "': ", DeriveSeed(recipe.seed, part)));
  }
}

absl::Status RunStages(const RunOptions& options, const Recipe& recipe, const std::string& folder,
                       const std::shared_ptr<hw::EventLog>& log, RunRecord* record) {
  RONCHI_RETURN_IF_ERROR(log->Note("config", HashOf(record->config).LowHex()));
  RONCHI_ASSIGN_OR_RETURN(agents::Trained trained, GetAgent(options, recipe));
  Log(absl::StrCat("agent '", trained.policy->kind(), "' ready after ", trained.summary.steps,
                   " images"));
  record->agent = trained.policy->kind();
  record->training = trained.summary;
  RONCHI_RETURN_IF_ERROR(agents::SavePolicy(*trained.policy,
                                            {{"recipe", recipe.name},
                                             {"seed", absl::StrCat(recipe.seed)},
                                             {"version", kVersion},
                                             {"commit", record->commit},
                                             {"steps", double(trained.summary.steps)}},
                                            folder + "/policy.json"));
  if (options.policy.empty()) {
    RONCHI_ASSIGN_OR_RETURN(record->tune, Tune(recipe, trained.policy.get(), log));
    record->tune_steps_planned = recipe.tune_steps;
    Log(absl::StrFormat("tuned: %u images, contrast %.3f", record->tune->rows(),
                        record->tune->Last("contrast")));
  }
  TerminalHost person({.answers = options.answers});
  Recipe attended = recipe;
  attended.guard.accept_current = AskAboutBeam(&person);
  RONCHI_ASSIGN_OR_RETURN(record->deploy, Deploy(attended, trained.policy.get(), log));
  record->disturbed_at = DisturbedRows(recipe, record->deploy.trace);
  Log(absl::StrFormat("deployed: %u images, contrast %.3f, %u alarms, ended by %s",
                      record->deploy.trace.rows(), record->deploy.trace.Last("contrast"),
                      record->deploy.alarms.size(), record->deploy.ended_by));
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
  if (status.ok() || !IsBadInput(status) || log->exposures() > 0) folder.Keep();
  if (!status.ok() && (!IsBadInput(status) || log->exposures() > 0)) {
    return Annotate(status, outcome.folder + " holds what was recorded until then");
  }
  RONCHI_RETURN_IF_ERROR(status);
  return outcome;
}

}  // namespace ronchi
