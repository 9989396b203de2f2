// The verbs that train, deploy and look at runs.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/printable.h"
#include "experiments/command/command_line.h"
#include "experiments/command/hand_over.h"
#include "experiments/loop/person.h"
#include "experiments/loop/run.h"
#include "experiments/loop/train.h"
#include "experiments/record/replay.h"
#include "experiments/record/run_figures.h"
#include "experiments/record/trained_policy.h"
#include "experiments/report/run_report.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {

using nlohmann::json;

RunOptions ToRunOptions(const Arguments& a) {
  return {.recipe = a.target, .overrides = a.overrides, .seed = a.seed, .folder = a.output};
}

// What ended before its end says so last, on stderr, where no pipe takes it away.
int FinishRun(const RunOutcome& outcome) {
  const EndingWords words = DescribeEnding(outcome.record.deploy);
  if (words.what.empty()) return Finish();
  (void)Fail(absl::AbortedError(absl::StrCat("the deployment ", words.what, ": ", words.why)));
  return ExitStatus(outcome.record.deploy.ending);
}

int PrintRun(const Arguments& a, const RunOutcome& outcome) {
  if (a.as_json) {
    json j = Summarise(outcome.record);
    j["folder"] = outcome.folder;
    j["files"] = outcome.files;
    PrintJson(j);
    return FinishRun(outcome);
  }
  std::printf("%s\n", RunTable(outcome.record).c_str());
  const std::string row_word = RowWord(outcome.record.deploy.trace);
  for (const Alarm& alarm : outcome.record.deploy.alarms) {
    if (alarm.attribution.empty() || alarm.moved_nm.size() < 3) {
      std::printf("alarm at %s %d, most evidence in %s\n", row_word.c_str(), alarm.image,
                  Printable(alarm.stream).c_str());
      continue;
    }
    std::printf("alarm at %s %d (%s): C10 moved by %+.2f nm, C12a %+.2f nm, C12b %+.2f nm\n",
                row_word.c_str(), alarm.image, alarm.attribution.c_str(), alarm.moved_nm[0],
                alarm.moved_nm[1], alarm.moved_nm[2]);
  }
  for (int row : outcome.record.disturbed_at)
    std::printf("the instrument was disturbed at %s %d\n", row_word.c_str(), row);
  if (!outcome.record.deploy.has_truth) {
    std::printf("no ground truth: whether an alarm is right or false is not known\n");
  }
  std::printf("start and end: %s\nwritten to %s:\n ",
              FigureMeaning(outcome.record.deploy.trace).c_str(), outcome.folder.c_str());
  for (const std::string& file : outcome.files) std::printf(" %s", file.c_str());
  std::printf("\n");
  return FinishRun(outcome);
}

// A recipe's run asks one question at most, the guard's about the beam.
absl::StatusOr<std::map<std::string, std::string>> RecipeAnswers(const Arguments& a) {
  RONCHI_ASSIGN_OR_RETURN(auto answers, AnswersOf(a));
  RONCHI_RETURN_IF_ERROR(CheckBeamAnswer(answers));
  for (const auto& [name, text] : answers) {
    if (name == kBeamQuestion || name == kAlarmQuestion) continue;
    return absl::InvalidArgumentError(absl::StrCat("--answer, --yes-to: ", a.target,
                                                   " is no workflow, and asks nothing that is "
                                                   "called '",
                                                   name, "'; the guard may ask: ", kBeamQuestion));
  }
  return answers;
}

// Before minutes of training, not after.
absl::Status CheckCanWrite(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ec;
  const fs::path parent = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : ".";
  if (fs::is_directory(path, ec)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is a folder, not a file"));
  }
  if (access(parent.c_str(), W_OK | X_OK) != 0) return ErrnoStatus(errno, path);
  if (!fs::is_directory(parent, ec)) return ErrnoStatus(ENOTDIR, path);
  return absl::OkStatus();
}

absl::StatusOr<json> TrainToFile(const Arguments& a) {
  RONCHI_ASSIGN_OR_RETURN(const ResolvedRecipe resolved, ResolveRecipe(ToRunOptions(a)));
  const std::string path = a.output.empty() ? resolved.recipe.name + ".policy.json" : a.output;
  RONCHI_RETURN_IF_ERROR(CheckCanWrite(path));
  std::error_code ec;
  if (!a.force && std::filesystem::exists(path, ec)) {
    return absl::AlreadyExistsError(path + ": is there already; --force replaces it");
  }
  RONCHI_ASSIGN_OR_RETURN(const agents::Trained trained, TrainAgent(resolved.recipe));
  RONCHI_RETURN_IF_ERROR(agents::SavePolicy(
      *trained.policy, ProvenanceOf(resolved.recipe, SourceCommit(), trained.summary.steps), path));
  json curve = json::array();
  for (const agents::TrainingPoint& p : trained.summary.curve) {
    curve.push_back(
        {{"steps", p.steps}, {"mean_return", p.mean_return}, {"mean_length", p.mean_length}});
  }
  return json{{"policy", path},
              {"kind", trained.policy->kind()},
              {"steps", trained.summary.steps},
              {"steps_asked",
               trained.summary.steps_asked > 0 ? json(trained.summary.steps_asked) : json(nullptr)},
              {"episodes", trained.summary.episodes},
              {"interrupted", trained.summary.interrupted},
              {"curve", curve}};
}

int CheckRecipe(const Arguments& a) {
  const auto resolved =
      ResolveRecipe({.recipe = a.target, .overrides = a.overrides, .seed = a.seed});
  if (!resolved.ok()) return Fail(resolved.status());
  if (a.as_json)
    PrintJson({{"file", a.target}, {"recipe", resolved->recipe.name}, {"ok", true}});
  else
    std::printf("%s: a recipe, and well formed\n", Printable(resolved->recipe.name).c_str());
  return kDone;
}

}  // namespace

int Run(const Arguments& a) {
  if (a.resume || !a.instrument.empty() || IsWorkflowFile(a.target)) return HandOver(a);
  RunOptions options = ToRunOptions(a);
  const auto answers = RecipeAnswers(a);
  if (!answers.ok()) return Fail(answers.status());
  options.answers = *answers;
  const absl::StatusOr<RunOutcome> outcome = RunExperiment(options);
  return outcome.ok() ? PrintRun(a, *outcome) : Fail(outcome.status());
}

int DeployPolicy(const Arguments& a) {
  RunOptions options = ToRunOptions(a);
  options.recipe = a.second;
  options.policy = a.target;
  const auto answers = RecipeAnswers(a);
  if (!answers.ok()) return Fail(answers.status());
  options.answers = *answers;
  const absl::StatusOr<RunOutcome> outcome = RunExperiment(options);
  return outcome.ok() ? PrintRun(a, *outcome) : Fail(outcome.status());
}

int Train(const Arguments& a) {
  const absl::StatusOr<json> result = TrainToFile(a);
  if (!result.ok()) return Fail(result.status());
  const bool interrupted = (*result)["interrupted"];
  if (a.as_json)
    PrintJson(*result);
  else
    std::printf("%s: agent '%s' after %d episodes, %d images%s\n",
                (*result)["policy"].get<std::string>().c_str(),
                (*result)["kind"].get<std::string>().c_str(), (*result)["episodes"].get<int>(),
                (*result)["steps"].get<int>(),
                interrupted ? "; interrupted: it is not trained to the end" : "");
  return interrupted ? kInterrupted : Finish();
}

int Check(const Arguments& a) {
  if (!a.instrument.empty() || IsWorkflowFile(a.target)) return HandOver(a);
  const auto config = Config::Load(a.target);
  if (config.ok() && config->Has("steps")) return HandOver(a);
  return CheckRecipe(a);
}

int Replay(const Arguments& a) {
  return IsWorkflowFolder(a.target) ? HandOver(a) : TellReplay(a, ReplayRun(a.target));
}

int Report(const Arguments& a) {
  if (IsWorkflowFolder(a.target)) return HandOver(a);
  const std::string path = a.output.empty() ? a.target + "/report.html" : a.output;
  const absl::StatusOr<RunRecord> record = ReadRunRecord(a.target);
  return TellReport(a, path, record.ok() ? WriteRunReport(path, *record) : record.status());
}

}  // namespace ronchi
