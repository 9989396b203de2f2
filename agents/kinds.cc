#include "agents/kinds.h"

#include <algorithm>
#include <utility>

namespace ronchi::agents {

// Each in the source of its own.
AgentKind CentreAgent();          // scripted/centre.cc
AgentKind CorrectAgent();         // scripted/correct.cc
AgentKind CrossEntropyAgent();    // evolution/cross_entropy.cc
AgentKind EdgesThenClimbAgent();  // scripted/edges_then_climb.cc
AgentKind FollowAgent();          // scripted/follow.cc
AgentKind GpAgent();              // bayes/gp_learner.cc
AgentKind GreedyAgent();          // classical/greedy_policy.cc
AgentKind HoldAgent();            // scripted/hold.cc
AgentKind NelderMeadAgent();      // classical/nelder_mead_policy.cc
AgentKind PpoAgent();             // rl/ppo.cc
AgentKind PredictAgent();         // scripted/predict.cc
AgentKind RandomAgent();          // classical/random_policy.cc
AgentKind RasterAgent();          // scripted/raster.cc
AgentKind SacAgent();             // rl/sac.cc
AgentKind SobolAgent();           // scripted/sobol.cc
AgentKind SteepestAgent();        // scripted/steepest.cc

const std::vector<AgentKind>& AgentKinds() {
  static const auto* const kKinds = new std::vector<AgentKind>{
      CentreAgent(),     CorrectAgent(), CrossEntropyAgent(), EdgesThenClimbAgent(),
      FollowAgent(),     GpAgent(),      GreedyAgent(),       HoldAgent(),
      NelderMeadAgent(), PpoAgent(),     PredictAgent(),      RandomAgent(),
      RasterAgent(),     SacAgent(),     SobolAgent(),        SteepestAgent(),
  };
  return *kKinds;
}

const AgentKind* FindAgentKind(const std::string& kind) {
  const auto& kinds = AgentKinds();
  const auto it = std::ranges::find(kinds, kind, &AgentKind::kind);
  return it == kinds.end() ? nullptr : &*it;
}

std::vector<std::string> AgentKindNames() {
  std::vector<std::string> names;
  for (const AgentKind& kind : AgentKinds()) names.push_back(kind.kind);
  return names;
}

AgentPlan PlanOfPolicy(
    std::function<absl::StatusOr<std::unique_ptr<Policy>>(const env::Spec& spec)> create) {
  return {.fits = [create](const env::Spec& spec) { return create(spec).status(); },
          .make = [create](const env::Spec& spec, const EnvironmentFactory&,
                           uint64_t) -> absl::StatusOr<Trained> {
            RONCHI_ASSIGN_OR_RETURN(auto policy, create(spec));
            return Trained{std::move(policy), {}};
          }};
}

AgentPlan PlanOfLearner(std::function<absl::Status(const env::Spec& spec)> fits,
                        std::function<absl::StatusOr<std::unique_ptr<Learner>>()> create,
                        const TrainOptions& options) {
  return {.fits = fits,
          .make = [fits, create, options](const env::Spec& spec, const EnvironmentFactory& make,
                                          uint64_t seed) -> absl::StatusOr<Trained> {
            RONCHI_RETURN_IF_ERROR(fits(spec));
            RONCHI_ASSIGN_OR_RETURN(const auto learner, create());
            return learner->Train(make, seed, options);
          }};
}

std::vector<AgentKey> CheckpointKeys() {
  return {{"checkpoint", "file to go on from, where it is there, and to write while training"},
          {"checkpoint_every", "rounds of learning from one writing to the next"}};
}

TrainOptions ReadCheckpointKeys(ConfigReader& reader) {
  TrainOptions o;
  reader.Text("checkpoint", &o.checkpoint);
  reader.Integer("checkpoint_every", &o.checkpoint_every, {.min = 1, .max = 1e9});
  return o;
}

}  // namespace ronchi::agents
