#include "experiments/command/program.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>
#include <stdexcept>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/standard_streams.h"
#include "experiments/monitor/run_lengths.h"
#include "experiments/record/log.h"
#include "ronchi_paths.h"

namespace ronchi {
namespace {

struct Verb {
  const char* name;
  const char* help;
  const char* target;  // positional, or nullptr
  const char* second;
  const char* output;   // help of -o, or nullptr
  const char* example;  // a command that runs as it stands in a clone
};

// All verbs, of which a program has some.
constexpr Verb kVerbs[] = {
    {"run",
     "a recipe: train an agent, tune a twin, deploy, watch, report; or a workflow, step by step",
     "recipe", nullptr, "folder to write (default: runs/<name>-seed<seed>)",
     "ronchi run quickstart --seed 2"},
    {"check", "prove a workflow against an instrument, and forecast its dose and time", "workflow",
     nullptr, nullptr, "ronchi check examples/workflows/focal_series.yaml"},
    {"flow", "status of a workflow's run; pause, resume, skip, stop it, answer its question",
     "word", "run", nullptr,
     "ronchi flow status runs/focal_series-seed1\n"
     "  ronchi flow answer runs/focal_series-seed1 'yes because the grid is in place'"},
    {"serve", "offer an instrument over the wires that other programs speak, until Ctrl-C", nullptr,
     nullptr, nullptr,
     "ronchi serve --instrument corrected_200kV --protocol temscript --port 8080"},
    {"conform", "ask an instrument for all that instruments promise, and report", nullptr, nullptr,
     nullptr, "ronchi conform --instrument corrected_200kV"},
    {"simulate", "images, 4D-STEM, diffraction patterns from a structure file", "config", nullptr,
     "file to write (.hdf5)",
     "ronchi simulate examples/simulate/sto_haadf.yaml -o sto.hdf5\n"
     "  ronchi simulate examples/simulate/sto_haadf.yaml -o focus.hdf5 \\\n"
     "      --set 'beam.aberrations.C10_A={from: -60, to: 60, steps: 5}'"},
    {"estimate", "thickness, tilt and optics from patterns or images, with their uncertainties",
     "config", "frames", nullptr,
     "ronchi estimate examples/estimate/sto_pacbed.yaml examples/estimate/sto_pacbed.npy"},
    {"calibrate", "what a run's images say about its instrument, as the prior of its twins",
     "folder", nullptr, "recipe to write, with the new prior",
     "ronchi calibrate runs/quickstart-seed1 -o calibrated.yaml && ronchi train calibrated.yaml"},
    {"train", "train a recipe's agent; write the policy file", "recipe", nullptr,
     "file to write (default: <recipe>.policy.json)", "ronchi train quickstart -o gp.policy.json"},
    {"evaluate", "run a policy in many episodes of a recipe's environment", "policy", "recipe",
     nullptr, "ronchi evaluate gp.policy.json quickstart --seeds 1000-1049 --against nelder_mead"},
    {"deploy", "deploy a policy on a recipe's second instrument, with guard and monitor", "policy",
     "recipe", "folder to write", "ronchi deploy gp.policy.json quickstart -o runs/mine"},
    {"replay", "give a run's instruments every recorded command again; compare to the bit",
     "folder", nullptr, nullptr, "ronchi replay runs/quickstart-seed1"},
    {"report", "write a run's report.html again, of a recipe or a workflow", "folder", nullptr,
     "file to write", "ronchi report runs/quickstart-seed1 -o report.html"},
    {"list", "what there is, or one kind of it: environments, agents, engines, recipes …", nullptr,
     nullptr, nullptr, "ronchi list engines"},
    {"describe", "one thing of the list in detail", "name", nullptr, nullptr,
     "ronchi describe AberrationTuning-v1"},
    {"init", "write a commented template: recipe, simulate, workflow, environment, driver", "kind",
     nullptr, "file to write (default: <kind>.yaml or environment.cc, here)",
     "ronchi init simulate -o mine.yaml && ronchi simulate mine.yaml --dry-run"},
    {"watch", "an environment with an agent in it: in the terminal, as pictures, as lines",
     "environment", nullptr, "folder for a picture of every step and a GIF",
     "ronchi watch DriftLock-v1 --steps 20"},
    {"monitor", "watch streams of numbers, a row a frame, for a lasting change", "streams", nullptr,
     nullptr,
     "ronchi monitor examples/monitor/residuals.csv --promise 1000 --reference 50\n"
     "  ronchi monitor --simulate student_t3 --method conformal --reference 50 --runs 100"},
    {"cache", "what is kept on disk to be used again: list, clear, path", "action", nullptr,
     nullptr, "ronchi cache list --older-than 30d"},
    {"doctor", "what is wrong on this machine", nullptr, nullptr, nullptr, "ronchi doctor"},
};

// A seed is a whole number; CLI11 would read -1 as 2^64 - 1.
std::string SeedError(const std::string& text) {
  uint64_t seed = 0;
  if (absl::SimpleAtoi(text, &seed)) return "";
  return absl::StrCat("'", text, "' is not a seed; allowed: 0 … 2^64 - 1");
}

// What a word of the command line stands for.
std::string WordHelp(const std::string& word) {
  static const std::map<std::string, std::string> kHelp = {
      {"recipe", "a recipe's name (`ronchi list`) or YAML file"},
      {"workflow", "a workflow's YAML file"},
      {"config", "a YAML file; `ronchi init simulate` writes one"},
      {"policy", "a file that `ronchi train` wrote"},
      {"folder", "the folder of a run"},
      {"run", "the folder of the run"},
      {"word", "pause, resume, skip or stop"},
      {"kind", "recipe, simulate, workflow or environment"},
      {"frames", "a .npy or .hdf5 file; axes before the last two count frames"},
      {"name", "anything that `ronchi list` shows, or a structure file"},
      {"environment", "an environment's id (`ronchi list`)"},
      {"action", "list, clear or path"},
      {"streams", "a file of comma-separated numbers, one column a stream; - for standard input"}};
  const auto found = kHelp.find(word);
  return found == kHelp.end() ? "" : found->second;
}

// What runs ask, and how they are told.
void AddAnswers(const Verb& verb, CLI::App* sub, Arguments* a) {
  const bool runs = std::string(verb.name) == "run";
  if (runs) {
    sub->add_flag("--resume", a->resume, "go on with a workflow's run; give its folder");
    sub->add_flag("--attended", a->attended,
                  "without a terminal, too, questions wait: for ronchi flow answer");
  }
  if (runs || std::string(verb.name) == "deploy") {
    sub->add_option("--answer", a->answers, "name=answer to a question, as often as needed")
        ->allow_extra_args(false);
    sub->add_option("--yes-to", a->yes_to, "name of a question to say yes to")
        ->allow_extra_args(false);
  }
  if (std::string(verb.name) == "flow") {
    sub->add_option("text", a->text, "the answer: yes, no, a number with its unit");
    sub->add_option("--wait", a->wait_s, "so many seconds for the run to take it (default: 30)")
        ->check(CLI::Range(0.0, 1e6));
  }
}

// What the verbs that tell of the catalogue take.
void AddNames(const Verb& verb, CLI::App* sub, Arguments* a) {
  if (std::string(verb.name) == "describe") {
    sub->add_option("second", a->second, "the name, when its kind stands first: engine contracted");
    sub->add_flag("--schema", a->schema,
                  "a JSON Schema for editors, of: recipe, simulate, instrument, workflow");
  }
  if (std::string(verb.name) == "list") {
    sub->add_option("what", a->target, "one kind alone: engines, forward_models, monitors …");
  }
}

void AddMonitoring(CLI::App* sub, Arguments* a) {
  sub->add_option("--promise", a->promise,
                  "mean frames between false alarms, at least (default: 1000)")
      ->check(CLI::Range(2.0, 1e15));
  sub->add_option("--reference", a->reference, "the first so many frames are in control")
      ->check(CLI::Range(0, 100000000));
  sub->add_option("--method", a->method,
                  "sr (the default: normal frames), conformal (of any distribution), or another of "
                  "ronchi list monitors");
  sub->add_option("--whiten", a->whiten,
                  "each frame depends on so many before it (learned from the reference)")
      ->check(CLI::Range(0, 100));
  sub->add_option("--simulate", a->simulate,
                  "no file: measure run length and delays on streams of a kind: " +
                      absl::StrJoin(StreamKindNames(), ", "));
  sub->add_option("--runs", a->runs, "of --simulate (default: 400)")->check(CLI::Range(2, 1000000));
}

void AddServing(CLI::App* sub, Arguments* a) {
  sub->add_option("--protocol", a->protocols,
                  "which wires, separated by commas: docs/serve.md has them")
      ->required();
  sub->add_option("--port", a->ports,
                  "one for each, in the same order; 0: a free one (default: the protocol's own)");
  sub->add_option("--host", a->host,
                  "address to listen on (default: 127.0.0.1); any but this machine's own needs "
                  "--token-file");
  sub->add_option("--token-file", a->token_file,
                  "clients must know the first line of this file; there is no encryption");
}

void AddEvaluating(CLI::App* sub, Arguments* a) {
  CLI::Option* const episodes =
      sub->add_option("--episodes", a->episodes, "episodes to run (default: 20)")
          ->check(CLI::Range(1, 100000));
  sub->add_option("--seeds", a->seeds, "an episode of each of these instead, e.g. 1000-1099")
      ->excludes(episodes);
  sub->add_option("--against", a->against,
                  "in the same episodes: an agent that needs no training, or a policy file; as "
                  "often as needed")
      ->allow_extra_args(false);
}

void AddWatching(CLI::App* sub, Arguments* a) {
  sub->add_option("--agent", a->agent,
                  "random (the default), another that needs no training, or a policy file");
  sub->add_option("--steps", a->steps, "so many steps (default: one episode)")
      ->check(CLI::Range(1, 1000000));
  sub->add_option("--delay-ms", a->delay_ms, "between pictures in the terminal (default: 100)")
      ->check(CLI::Range(0, 10000));
  sub->add_flag("--playthrough", a->playthrough,
                "a short course as text, for tests/golden/playthrough (\"all\" with -o: of all)");
}

void AddOptions(const Verb& verb, CLI::App* sub, Arguments* a) {
  const bool simulates = std::string(verb.name) == "simulate";
  const bool runs = std::string(verb.name) == "run";
  const bool monitors = std::string(verb.name) == "monitor";
  if (verb.target) {
    sub->add_option(verb.target, a->target, WordHelp(verb.target))->required(!monitors);
  }
  if (monitors) AddMonitoring(sub, a);
  AddNames(verb, sub, a);
  if (verb.second) sub->add_option(verb.second, a->second, WordHelp(verb.second))->required();
  if (verb.output) sub->add_option("-o,--output", a->output, verb.output);
  if (std::string(verb.name) == "estimate") {
    sub->add_option(
           "--electrons", a->electrons,
           "in the beam (a pattern) or a pixel (an image), where frames hold shares of them")
        ->check(CLI::Range(1.0, 1e15));
    sub->add_option("--dataset", a->dataset, "the path in an HDF5 file of others");
  }
  if (simulates) {
    sub->add_flag("--dry-run", a->dry_run, "say what it would cost, and stop");
    sub->add_flag("--compare", a->compare, "measure the engine's error against multislice, too");
    sub->add_flag("--resume", a->resume, "go on with what an interrupted run left in the output");
  }
  if (simulates || std::string(verb.name) == "train" || std::string(verb.name) == "init" ||
      std::string(verb.name) == "calibrate") {
    sub->add_flag("--force", a->force, "replace an output that is there already");
  }
  if (runs || std::string(verb.name) == "check") {
    sub->add_option(
        "--instrument", a->instrument,
        "of a workflow: a preset, a twin's YAML file, or a description (JSON, to check)");
  }
  if (std::string(verb.name) == "conform" || std::string(verb.name) == "serve") {
    sub->add_option("--instrument", a->instrument, "a preset, or an instrument's YAML file");
  }
  if (std::string(verb.name) == "serve") AddServing(sub, a);
  AddAnswers(verb, sub, a);
  if (std::string(verb.name) == "evaluate") AddEvaluating(sub, a);
  if (std::string(verb.name) == "watch") AddWatching(sub, a);
  if (std::string(verb.name) == "cache") {
    sub->add_option("--kind", a->kind, "list or clear only this kind, e.g. contracted, fft");
    sub->add_option("--older-than", a->older_than,
                    "list or clear only what was not used for so long, e.g. 30d");
  }
  sub->add_option("--set", a->overrides, "path.to.key=value over the file's, as often as needed")
      ->allow_extra_args(false);
  sub->add_option("--seed", a->seed,
                  simulates ? "over the file's dose.seed and phonons.seed"
                            : "seed of everything random, over the file's")
      ->check(CLI::Validator(SeedError, "", "seed"));
  sub->add_option("--threads", a->threads, "at most so many threads (default: all cores)")
      ->check(CLI::Range(0, 4096));
  sub->add_flag("--json", a->as_json, "machine-readable result on stdout");
  sub->add_flag("-q,--quiet", a->quiet, "no progress");
  sub->add_flag("-v,--verbose", a->verbose, "stages, seeds, files, memory, on stderr");
}

// One line; a word that is no verb is named, with the verbs there are.
int FailToParse(const CLI::ParseError& e, const VerbFunctions& functions, int argc, char** argv) {
  std::vector<std::string> names;
  bool known = false;
  for (const Verb& verb : kVerbs) {
    if (!functions.contains(verb.name)) continue;
    names.push_back(verb.name);
    known |= argc > 1 && names.back() == argv[1];
  }
  const bool is_word = argc > 1 && argv[1][0] != '-';
  const std::string what =
      known || (argc > 1 && !is_word)
          ? std::string(e.what())
          : absl::StrCat(is_word ? absl::StrCat("'", argv[1], "' is no verb") : "a verb is missing",
                         "; allowed: ", absl::StrJoin(names, ", "));
  return Fail(absl::InvalidArgumentError(
      absl::StrCat(what, "; see ronchi ", known ? absl::StrCat(argv[1], " ") : "", "--help")));
}

int Main(const VerbFunctions& functions, int argc, char** argv) {
  InstallInterruptHandlers();
  CLI::App app{
      "Ronchi: theory-in-the-loop experiments in scanning transmission electron microscopy\n"
      "(`ronchi test`, of the wrapper script, builds and runs the tests)"};
  app.name("ronchi");
  app.set_version_flag("--version", absl::StrCat("ronchi ", kVersion));
  app.require_subcommand(1);
  Arguments a;
  a.words.assign(argv, argv + argc);
  VerbFunction chosen = nullptr;
  for (const Verb& verb : kVerbs) {
    const auto function = functions.find(verb.name);
    if (function == functions.end()) continue;
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    AddOptions(verb, sub, &a);
    sub->footer(absl::StrCat("Example:\n  ", verb.example));
    sub->callback([&chosen, function] { chosen = function->second; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    return FailToParse(e, functions, argc, argv);
  }
  SetThreads(a.threads);
  SetVerbose(a.verbose);
  if (a.quiet) Progress::SetStyle(Progress::Style::kOff);
  return chosen(a);
}

}  // namespace

// Nothing below should throw; what does all the same ends in one line, with files unwound.
int RunProgram(const VerbFunctions& functions, int argc, char** argv) {
  OpenStandardStreams();
  try {
    const int status = Main(functions, argc, argv);
    const absl::Status printed = FlushStandardOutput();
    if (printed.ok()) return status;
    // Who closes the pipe, as `head` does, has read enough and wants no word about it.
    if (!absl::IsCancelled(printed)) (void)Fail(printed);
    return status == kDone ? kFailed : status;
  } catch (const std::bad_alloc&) {
    return Fail(absl::ResourceExhaustedError("out of memory; a smaller problem needs less"));
  } catch (const std::length_error&) {  // more than a container could ever hold
    return Fail(absl::ResourceExhaustedError("out of memory; a smaller problem needs less"));
  } catch (const std::exception& e) {
    return Fail(absl::InternalError(absl::StrCat("unforeseen: ", e.what())));
  }
}

}  // namespace ronchi
