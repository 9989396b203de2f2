// From a recipe's `agent` to a learner and a policy.
#pragma once

#include <memory>

#include "agents/learner.h"
#include "experiments/loop/recipe.h"

namespace ronchi {

// Kinds that learn (gp, ppo) are trained on twins drawn from the training instrument's prior;
// the others are made as they are, with an empty summary.
absl::StatusOr<agents::Trained> TrainAgent(const Recipe& recipe);

// Environments over twins of their own, index by index.
agents::EnvironmentFactory TwinEnvironments(const hw::TwinOptions& instrument,
                                            const env::AberrationTuningOptions& options,
                                            uint64_t seed);

}  // namespace ronchi
