// The first stage of a recipe: an agent for its task, trained on instruments of the recipe's
// training config, whose hidden numbers are drawn anew with every episode.
#pragma once

#include "agents/learner.h"
#include "experiments/loop/recipe.h"

namespace ronchi {

// Kinds that do not learn are made as they are, with an empty summary.
absl::StatusOr<agents::Trained> TrainAgent(const Recipe& recipe);

// Environments over instruments of their own, index by index.
env::EnvironmentFactory TrainingEnvironments(const Recipe& recipe, uint64_t seed);

}  // namespace ronchi
