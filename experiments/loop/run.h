// `ronchi run`: train an agent, tune a twin with it, deploy it on another instrument, write the run
// folder and its report.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/record/run_record.h"

namespace ronchi {

struct RunOptions {
  std::string recipe;                  // name or path
  std::vector<std::string> overrides;  // --set
  std::optional<uint64_t> seed;
  std::string folder;                          // where to write; empty: runs/<name>-seed<seed>
  std::string policy;                          // a trained agent's file: only deploy it
  std::map<std::string, std::string> answers;  // of scripts, to the guard's question
};

struct RunOutcome {
  std::string folder;
  RunRecord record;
  std::vector<std::string> files;
};

// AlreadyExists: the folder holds something. On bad input or a full disk nothing is left behind.
absl::StatusOr<RunOutcome> RunExperiment(const RunOptions& options);

// The recipe of the options with its overrides, and its resolved text.
struct ResolvedRecipe {
  Recipe recipe;
  std::string text;
};
absl::StatusOr<ResolvedRecipe> ResolveRecipe(const RunOptions& options);

}  // namespace ronchi
