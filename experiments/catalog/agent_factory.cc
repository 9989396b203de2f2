#include "experiments/catalog/agent_factory.h"

#include "env/wrapper.h"
#include "experiments/catalog/agents.h"
#include "hw/twin/twin.h"

namespace ronchi {

agents::EnvironmentFactory TwinEnvironments(const hw::TwinOptions& instrument,
                                            const env::AberrationTuningOptions& options,
                                            uint64_t seed) {
  return [=](uint64_t index) -> absl::StatusOr<std::unique_ptr<env::Environment>> {
    RONCHI_ASSIGN_OR_RETURN(auto twin, hw::MakeTwin(instrument, seed));
    env::AberrationTuningOptions own = options;
    own.environment = index;
    own.dark_counts = instrument.dark_counts;
    RONCHI_ASSIGN_OR_RETURN(auto task, env::AberrationTuning::Create(twin.get(), own));
    return std::unique_ptr<env::Environment>(
        std::make_unique<env::Mounted>(std::move(twin), std::move(task)));
  };
}

absl::StatusOr<agents::Trained> TrainAgent(const Recipe& recipe) {
  const uint64_t seed = DeriveSeed(recipe.seed, "train");
  return MakeAgent(*recipe.agent, env::AberrationTuningSpec(recipe.environment),
                   TwinEnvironments(recipe.train_instrument, recipe.environment, seed), seed);
}

}  // namespace ronchi
