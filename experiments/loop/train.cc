#include "experiments/loop/train.h"

#include "env/wrapper.h"
#include "experiments/catalog/agents.h"

namespace ronchi {

env::EnvironmentFactory TrainingEnvironments(const Recipe& recipe, uint64_t seed) {
  return [open = recipe.open_train, make = recipe.make_train_task,
          seed](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    RONCHI_ASSIGN_OR_RETURN(auto instrument, open(seed));
    RONCHI_ASSIGN_OR_RETURN(auto task, make(instrument.get(), {.index = index}));
    return std::make_unique<env::Mounted>(std::move(instrument), std::move(task));
  };
}

absl::StatusOr<agents::Trained> TrainAgent(const Recipe& recipe) {
  const uint64_t seed = DeriveSeed(recipe.seed, "train");
  const env::EnvironmentFactory make = TrainingEnvironments(recipe, seed);
  RONCHI_ASSIGN_OR_RETURN(const auto first, make(0));
  return MakeAgent(recipe.agent, first->spec(), make, seed);
}

}  // namespace ronchi
