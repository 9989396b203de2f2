// A policy's file, for the environment that it is to act in.
#pragma once

#include <memory>
#include <string>

#include "agents/policy.h"
#include "agents/policy_file.h"
#include "core/status.h"
#include "experiments/loop/recipe.h"

namespace ronchi {

// What `train` and `run` write down of where a policy comes from.
agents::Provenance ProvenanceOf(const Recipe& recipe, const std::string& commit, int steps);

// Errors: those of agents::LoadPolicy; InvalidArgument, one line: trained in an older version of
// `environment`. A policy of `train` that does not say in what is older than versions: it acts, and
// stderr has a line of warning.
absl::StatusOr<std::unique_ptr<agents::Policy>> LoadPolicyFor(const std::string& environment,
                                                              const std::string& path);

}  // namespace ronchi
