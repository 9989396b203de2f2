// What the verbs of the `ronchi` command share: their arguments, exit statuses, and how they end.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "experiments/record/replay.h"

namespace ronchi {

struct Arguments {
  std::vector<std::string> words;  // as they were given, the program's name first
  std::vector<std::string> overrides;
  std::optional<uint64_t> seed;
  int threads = 0;
  bool as_json = false, quiet = false, verbose = false;
  bool dry_run = false, compare = false, resume = false, force = false;
  std::string target, second, output;
  std::string instrument;                    // check, run: of a workflow; conform
  std::vector<std::string> answers, yes_to;  // run: to a workflow's questions
  bool schema = false;                       // describe
  bool attended = false;                     // run: answers come by `ronchi flow answer`
  std::string text;                          // flow answer
  double wait_s = 30;                        // flow
  int episodes = 20;                         // evaluate, with what follows
  std::string seeds;
  std::vector<std::string> against;
  std::string agent = "random";  // watch
  int steps = 0, delay_ms = 100;
  bool playthrough = false;
  std::optional<std::string> kind, older_than;  // cache
  double promise = 1000;                        // monitor, with what follows
  int64_t reference = 0, runs = 400;
  std::string method = "sr";
  int whiten = 0;
  std::optional<std::string> simulate;
  double electrons = 0;  // estimate
  std::string dataset;
  std::string protocols, ports, host = "127.0.0.1", token_file;  // serve
};

// 3, ended early, in order: the guard refused, a person denied, a budget is used up (ending.h).
constexpr int kDone = 0, kFailed = 1, kBadInput = 2, kEndedEarly = 3, kInterrupted = 130;

// "ronchi: …" on stderr, a line for every finding (core/error_list.h); gives the exit status.
int Fail(const absl::Status& status);
// What ended well, or with what Ctrl-C left.
int Finish();
void PrintJson(const nlohmann::json& j);
// "  key: value" lines, nested by indentation.
void PrintTree(const nlohmann::json& j, int depth);

// What scripts answer, by the question's name, from --answer and --yes-to.
absl::StatusOr<std::map<std::string, std::string>> AnswersOf(const Arguments& a);
int TellReplay(const Arguments& a, const absl::StatusOr<ReplaySummary>& summary);
int TellReport(const Arguments& a, const std::string& path, const absl::Status& written);

// The verbs of `ronchi`: run_verbs.cc.
int Run(const Arguments& a);
int Train(const Arguments& a);
int DeployPolicy(const Arguments& a);
int Replay(const Arguments& a);
int Report(const Arguments& a);
int Check(const Arguments& a);
// evaluate_verb.cc
int Evaluate(const Arguments& a);
// hand_over.cc
int HandOver(const Arguments& a);
int HandOverToServe(const Arguments& a);
// simulate_verb.cc
int Simulate(const Arguments& a);
// calibrate_verb.cc
int Calibrate(const Arguments& a);
// estimate_verb.cc
int EstimateFrames(const Arguments& a);
// show_verbs.cc
int List(const Arguments& a);
int Describe(const Arguments& a);
int Doctor(const Arguments& a);
// init_verb.cc
int Init(const Arguments& a);
// watch_verb.cc
int WatchEnvironment(const Arguments& a);
// conform_verb.cc
int Conform(const Arguments& a);
// cache_verb.cc
int Cache(const Arguments& a);
// monitor_verb.cc
int Monitor(const Arguments& a);

}  // namespace ronchi
