#include "experiments/run.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "agents/policy_file.h"
#include "core/files.h"
#include "experiments/agent_factory.h"
#include "experiments/run_report.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {
namespace fs = std::filesystem;

bool IsEmptyOrMissing(const fs::path& path) {
  std::error_code ec;
  return !fs::exists(path, ec) || (fs::is_directory(path, ec) && fs::is_empty(path, ec));
}

// runs/<name>-seed<seed>, with -2, -3 … when that holds a run already.
std::string FreeFolder(const Recipe& recipe) {
  const std::string base = absl::StrCat("runs/", recipe.name, "-seed", recipe.seed);
  std::string folder = base;
  for (int i = 2; !IsEmptyOrMissing(folder); ++i) folder = absl::StrCat(base, "-", i);
  return folder;
}

// Removes what a failed run wrote, unless told to keep it.
class FolderGuard {
 public:
  explicit FolderGuard(std::string path) : path_(std::move(path)), existed_(fs::exists(path_)) {}
  ~FolderGuard() {
    std::error_code ec;
    if (keep_) return;
    if (!existed_)
      fs::remove_all(path_, ec);
    else
      for (const auto& entry : fs::directory_iterator(path_, ec)) fs::remove_all(entry.path(), ec);
  }
  void Keep() { keep_ = true; }

 private:
  const std::string path_;
  const bool existed_;
  bool keep_ = false;
};

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

absl::Status RunStages(const RunOptions& options, const Recipe& recipe, const std::string& folder,
                       RunRecord* record) {
  RONCHI_ASSIGN_OR_RETURN(auto log, hw::EventLog::Create(folder));
  RONCHI_ASSIGN_OR_RETURN(agents::Trained trained, GetAgent(options, recipe));
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
  }
  RONCHI_ASSIGN_OR_RETURN(record->deploy, Deploy(recipe, trained.policy.get(), log));
  record->disturbed_at = DisturbedRows(recipe, record->deploy.trace);
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
  outcome.folder = options.folder.empty() ? FreeFolder(recipe) : options.folder;
  if (!IsEmptyOrMissing(outcome.folder)) {
    return absl::AlreadyExistsError(absl::StrCat(
        outcome.folder, ": exists and is not an empty folder; nothing is overwritten"));
  }
  FolderGuard guard(outcome.folder);
  RONCHI_RETURN_IF_ERROR(MakeWritableDirectory(outcome.folder));
  RunRecord& record = outcome.record;
  record.name = recipe.name;
  record.title = recipe.title;
  record.seed = recipe.seed;
  record.config = resolved.text;
  record.version = kVersion;
  record.commit = SourceCommit();
  record.frames_between_false_alarms = recipe.monitor.frames_between_false_alarms;
  RONCHI_RETURN_IF_ERROR(WriteFileAtomically(outcome.folder + "/config.yaml", resolved.text));
  RONCHI_RETURN_IF_ERROR(RunStages(options, recipe, outcome.folder, &record));
  RONCHI_RETURN_IF_ERROR(WriteRunRecord(outcome.folder, record));
  RONCHI_RETURN_IF_ERROR(WriteRunReport(outcome.folder + "/report.html", record));
  guard.Keep();
  for (const auto& entry : fs::directory_iterator(outcome.folder)) {
    outcome.files.push_back(entry.path().filename());
  }
  std::sort(outcome.files.begin(), outcome.files.end());
  return outcome;
}

}  // namespace ronchi
