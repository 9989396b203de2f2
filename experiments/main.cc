// The `ronchi` command: verbs, options, exit statuses. Each verb is one function; the work is done
// elsewhere. Exit status: 0 done, 1 failed, 2 bad input, 130 interrupted.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agents/policy_file.h"
#include "agents/torch/backend.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "experiments/agent_factory.h"
#include "experiments/describe.h"
#include "experiments/evaluate.h"
#include "experiments/replay.h"
#include "experiments/run.h"
#include "experiments/run_report.h"
#include "experiments/simulate_command.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {

using nlohmann::json;

struct Arguments {
  std::vector<std::string> overrides;
  std::optional<uint64_t> seed;
  int threads = 0;
  bool as_json = false, quiet = false, verbose = false;
  std::string target, second, output;
  int episodes = 20;
};

constexpr int kDone = 0, kFailed = 1, kBadInput = 2, kInterrupted = 130;

int Fail(const absl::Status& status) {
  std::string line(status.message());
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  std::fprintf(stderr, "ronchi: %s\n", line.c_str());
  return IsBadInput(status) ? kBadInput : kFailed;
}

int Finish() { return Interrupted() ? kInterrupted : kDone; }

void PrintJson(const json& j) { std::printf("%s\n", j.dump(2).c_str()); }

RunOptions ToRunOptions(const Arguments& a) {
  return {.recipe = a.target, .overrides = a.overrides, .seed = a.seed, .folder = a.output};
}

int PrintRun(const Arguments& a, const RunOutcome& outcome) {
  if (a.as_json) {
    json j = Summarise(outcome.record);
    j["folder"] = outcome.folder;
    j["files"] = outcome.files;
    PrintJson(j);
    return Finish();
  }
  std::printf("%s\n", RunTable(outcome.record).c_str());
  for (const Alarm& alarm : outcome.record.deploy.alarms) {
    std::printf("alarm at image %d (%s): C10 moved by %+.2f nm, C12a %+.2f nm, C12b %+.2f nm\n",
                alarm.image, alarm.attribution.c_str(), alarm.moved_nm[0], alarm.moved_nm[1],
                alarm.moved_nm[2]);
  }
  for (int row : outcome.record.disturbed_at)
    std::printf("the instrument was disturbed at image %d\n", row);
  std::printf("start and end: noise-free contrast over the best attainable\nwritten to %s:",
              outcome.folder.c_str());
  for (const std::string& file : outcome.files) std::printf(" %s", file.c_str());
  std::printf("\n");
  return Finish();
}

int Run(const Arguments& a) {
  const absl::StatusOr<RunOutcome> outcome = RunExperiment(ToRunOptions(a));
  return outcome.ok() ? PrintRun(a, *outcome) : Fail(outcome.status());
}

int DeployPolicy(const Arguments& a) {
  RunOptions options = ToRunOptions(a);
  options.recipe = a.second;
  options.policy = a.target;
  const absl::StatusOr<RunOutcome> outcome = RunExperiment(options);
  return outcome.ok() ? PrintRun(a, *outcome) : Fail(outcome.status());
}

absl::StatusOr<json> TrainToFile(const Arguments& a) {
  RONCHI_ASSIGN_OR_RETURN(const ResolvedRecipe resolved, ResolveRecipe(ToRunOptions(a)));
  const std::string path = a.output.empty() ? resolved.recipe.name + ".policy.json" : a.output;
  RONCHI_ASSIGN_OR_RETURN(const agents::Trained trained, TrainAgent(resolved.recipe));
  RONCHI_RETURN_IF_ERROR(agents::SavePolicy(*trained.policy,
                                            {{"recipe", resolved.recipe.name},
                                             {"seed", absl::StrCat(resolved.recipe.seed)},
                                             {"version", kVersion},
                                             {"commit", SourceCommit()},
                                             {"steps", double(trained.summary.steps)}},
                                            path));
  json curve = json::array();
  for (const agents::TrainingPoint& p : trained.summary.curve) {
    curve.push_back(
        {{"steps", p.steps}, {"mean_return", p.mean_return}, {"mean_length", p.mean_length}});
  }
  return json{{"policy", path},
              {"kind", trained.policy->kind()},
              {"steps", trained.summary.steps},
              {"episodes", trained.summary.episodes},
              {"interrupted", trained.summary.interrupted},
              {"curve", curve}};
}

int Train(const Arguments& a) {
  const absl::StatusOr<json> result = TrainToFile(a);
  if (!result.ok()) return Fail(result.status());
  if (a.as_json)
    PrintJson(*result);
  else
    std::printf("%s: agent '%s' after %d episodes, %d images\n",
                (*result)["policy"].get<std::string>().c_str(),
                (*result)["kind"].get<std::string>().c_str(), (*result)["episodes"].get<int>(),
                (*result)["steps"].get<int>());
  return Finish();
}

int Evaluate(const Arguments& a) {
  RunOptions options = ToRunOptions(a);
  options.recipe = a.second;
  const absl::StatusOr<ResolvedRecipe> resolved = ResolveRecipe(options);
  if (!resolved.ok()) return Fail(resolved.status());
  const absl::StatusOr<Evaluation> result = EvaluatePolicy(a.target, resolved->recipe, a.episodes);
  if (!result.ok()) return Fail(result.status());
  if (a.as_json) {
    PrintJson({{"episodes", result->episodes.size()},
               {"mean_return", result->mean_return},
               {"median_of_best", result->median_ratio},
               {"share_at_0.95", result->success},
               {"random_mean_return", result->random_mean_return}});
    return Finish();
  }
  std::printf(
      "%zu episodes: mean return %.3f (random %.3f)\nat the end: median %.3f of the best contrast, "
      "%.0f %% at "
      "0.95 or more\n",
      result->episodes.size(), result->mean_return, result->random_mean_return,
      result->median_ratio, 100 * result->success);
  return Finish();
}

int Simulate(const Arguments& a) {
  const absl::StatusOr<Config> config = Config::Load(a.target, a.overrides);
  if (!config.ok()) return Fail(config.status());
  const absl::StatusOr<SimulateOutcome> outcome = SimulateToFile(*config, a.output);
  if (!outcome.ok()) return Fail(outcome.status());
  const sim::SimulationResult& r = outcome->result;
  json means;
  for (const sim::DetectorImage& image : r.images) {
    double sum = 0;
    for (float v : image.values) sum += v;
    means[image.detector.name] = sum / double(image.values.size());
  }
  if (a.as_json) {
    PrintJson({{"files", outcome->files},
               {"seconds", r.seconds},
               {"slices", r.slices},
               {"distinct_slices", r.distinct_slices},
               {"slice_thickness_A", r.slice_thickness_A},
               {"means", means},
               {"interrupted", r.interrupted}});
    return Finish();
  }
  std::printf("%zu slices of %.4g A (%zu distinct), %.1f s\n", r.slices, r.slice_thickness_A,
              r.distinct_slices, r.seconds);
  for (const std::string& file : outcome->files) std::printf("wrote %s\n", file.c_str());
  return Finish();
}

int Replay(const Arguments& a) {
  const absl::StatusOr<ReplaySummary> summary = ReplayRun(a.target);
  if (!summary.ok()) return Fail(summary.status());
  if (a.as_json) {
    PrintJson({{"commands", summary->commands},
               {"frames", summary->frames},
               {"different", summary->different},
               {"first_difference", summary->first_difference}});
  } else {
    std::printf(
        "%zu commands, %zu frames: %s\n", summary->commands, summary->frames,
        summary->different == 0
            ? "every reply the same to the bit"
            : absl::StrCat(summary->different, " differ; first: ", summary->first_difference)
                  .c_str());
  }
  return summary->different == 0 ? kDone : kFailed;
}

int Report(const Arguments& a) {
  const absl::StatusOr<RunRecord> record = ReadRunRecord(a.target);
  if (!record.ok()) return Fail(record.status());
  const std::string path = a.output.empty() ? a.target + "/report.html" : a.output;
  if (absl::Status s = WriteRunReport(path, *record); !s.ok()) return Fail(s);
  if (a.as_json)
    PrintJson({{"report", path}});
  else
    std::printf("wrote %s\n", path.c_str());
  return kDone;
}

int List(const Arguments& a) {
  const json all = ListEverything();
  if (a.as_json) {
    PrintJson(all);
    return kDone;
  }
  for (const auto& [group, entries] : all.items()) {
    std::printf("%s\n", group.c_str());
    for (const auto& [name, text] : entries.items()) {
      std::printf("  %-20s %s\n", name.c_str(), text.get<std::string>().c_str());
    }
  }
  return kDone;
}

void PrintTree(const json& j, int depth) {
  for (const auto& [key, value] : j.items()) {
    std::printf("%*s%s:", depth * 2, "", key.c_str());
    if (value.is_object() || (value.is_array() && !value.empty() && value[0].is_object())) {
      std::printf("\n");
      if (value.is_object())
        PrintTree(value, depth + 1);
      else
        for (const json& item : value) {
          std::printf("%*s-\n", depth * 2 + 2, "");
          PrintTree(item, depth + 2);
        }
    } else if (value.is_number_float()) {
      std::printf(" %.4g\n", value.get<double>());
    } else {
      std::printf(" %s\n",
                  value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
    }
  }
}

int Describe(const Arguments& a) {
  const absl::StatusOr<json> thing = DescribeThing(a.target);
  if (!thing.ok()) return Fail(thing.status());
  if (a.as_json)
    PrintJson(*thing);
  else
    PrintTree(*thing, 0);
  return kDone;
}

int Doctor(const Arguments& a) {
  bool good = true;
  json out = json::array();
  for (const DoctorFinding& f : Examine()) {
    good &= f.good;
    if (a.as_json)
      out.push_back({{"what", f.what}, {"finding", f.finding}, {"good", f.good}});
    else
      std::printf("%s  %-13s %s\n", f.good ? "ok  " : "WARN", f.what.c_str(), f.finding.c_str());
  }
  if (a.as_json) PrintJson(out);
  return good ? kDone : kFailed;
}

struct Verb {
  const char* name;
  const char* help;
  int (*function)(const Arguments&);
  const char* target;  // positional, or nullptr
  const char* second;
  const char* output;  // help of -o, or nullptr
};

constexpr Verb kVerbs[] = {
    {"run", "train an agent, tune a twin, deploy on another instrument, watch, report", Run,
     "recipe", nullptr, "folder to write (default: runs/<recipe>-seed<seed>)"},
    {"simulate", "images, 4D-STEM, diffraction patterns from a structure file", Simulate, "config",
     nullptr, "file to write (.hdf5)"},
    {"train", "train a recipe's agent; write the policy file", Train, "recipe", nullptr,
     "file to write (default: <recipe>.policy.json)"},
    {"evaluate", "run a policy in many episodes of a recipe's environment", Evaluate, "policy",
     "recipe", nullptr},
    {"deploy", "deploy a policy on a recipe's second instrument, with guard and monitor",
     DeployPolicy, "policy", "recipe", "folder to write"},
    {"replay", "give a run's instruments every recorded command again; compare to the bit", Replay,
     "folder", nullptr, nullptr},
    {"report", "write a run's report.html again", Report, "folder", nullptr, "file to write"},
    {"list", "environments, agents, instruments, engines, recipes, structures", List, nullptr,
     nullptr, nullptr},
    {"describe", "one of them in detail", Describe, "name", nullptr, nullptr},
    {"doctor", "what is wrong on this machine", Doctor, nullptr, nullptr, nullptr},
};

int Main(int argc, char** argv) {
  CLI::App app{
      "Ronchi: theory-in-the-loop experiments in scanning transmission electron microscopy\n"
      "(`ronchi test`, of the wrapper script, builds and runs the tests)"};
  app.set_version_flag("--version", absl::StrCat("ronchi ", kVersion));
  app.require_subcommand(1);
  Arguments a;
  int (*chosen)(const Arguments&) = nullptr;
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    if (verb.target) sub->add_option(verb.target, a.target)->required();
    if (verb.second) sub->add_option(verb.second, a.second)->required();
    if (verb.output) {
      CLI::Option* o = sub->add_option("-o,--output", a.output, verb.output);
      if (std::string(verb.name) == "simulate") o->required();
    }
    if (std::string(verb.name) == "evaluate") {
      sub->add_option("--episodes", a.episodes, "episodes to run")->check(CLI::Range(1, 100000));
    }
    sub->add_option("--set", a.overrides, "path.to.key=value over the file's, as often as needed")
        ->allow_extra_args(false);
    sub->add_option("--seed", a.seed, "seed of everything random");
    sub->add_option("--threads", a.threads, "at most so many threads (default: all cores)")
        ->check(CLI::Range(0, 4096));
    sub->add_flag("--json", a.as_json, "machine-readable result on stdout");
    sub->add_flag("-q,--quiet", a.quiet, "no progress");
    sub->add_flag("-v,--verbose", a.verbose, "more of what happens, on stderr");
    sub->callback([&chosen, &verb] { chosen = verb.function; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    std::fprintf(stderr, "ronchi: %s; see ronchi --help\n", e.what());
    return kBadInput;
  }
  InstallInterruptHandlers();
  SetThreads(a.threads);
  if (a.quiet) Progress::SetStyle(Progress::Style::kOff);
  agents::RegisterTorchPoliciesLazily();
  return chosen(a);
}

}  // namespace
}  // namespace ronchi

int main(int argc, char** argv) { return ronchi::Main(argc, argv); }
