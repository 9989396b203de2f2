#include "agents/bayes/gp_learner.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_format.h"
#include "agents/kinds.h"
#include "core/interrupt.h"
#include "core/progress.h"
#include "core/random.h"

namespace ronchi::agents {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// A few episodes say little about the spread between instruments and specimens: no learned prior is
// narrower than 35 % (0.3 in the logarithm).
constexpr double kLeastSd = 0.3;

struct Episode {
  MatrixXd inputs;
  std::vector<double> outputs;
  double total_reward = 0;
  int64_t steps = 0;
};

absl::StatusOr<Episode> RunEpisode(env::Environment& environment, GpPolicy& policy,
                                   std::optional<uint64_t> environment_seed, uint64_t policy_seed) {
  policy.Reset(policy_seed);
  RONCHI_ASSIGN_OR_RETURN(env::ResetResult start, environment.Reset(environment_seed));
  Episode episode;
  env::Observation observation = std::move(start.observation);
  for (bool done = false; !done && !Interrupted();) {
    RONCHI_ASSIGN_OR_RETURN(const Action action, policy.Act(observation));
    RONCHI_ASSIGN_OR_RETURN(env::StepResult step, environment.Step(action));
    episode.total_reward += step.reward;
    ++episode.steps;
    observation = std::move(step.observation);
    done = step.terminated || step.truncated;
  }
  episode.inputs = policy.optimizer().Inputs();
  episode.outputs = policy.optimizer().outputs();
  return episode;
}

// Mean: the one set of hyper-parameters that explains all episodes best. An episode that never saw
// the peak, and can tell no length scale, has next to no say in it. Spread: of the episodes' own
// fits around that.
void LearnPrior(const std::vector<Episode>& episodes, GpPolicyOptions* options) {
  std::vector<double> all;
  for (const Episode& e : episodes) all.insert(all.end(), e.outputs.begin(), e.outputs.end());
  const Standardisation common = StandardisationOf(all);
  std::vector<GpData> data;
  for (const Episode& e : episodes) {
    const Eigen::Map<const VectorXd> y(e.outputs.data(), Eigen::Index(e.outputs.size()));
    data.push_back({.inputs = e.inputs, .outputs = (y.array() - common.offset) / common.scale});
  }
  const Kernel kernel = *MakeKernel(options->choices.kernel, size_t(data[0].inputs.cols()));
  const GpPrior broad = GpPrior::Broad(kernel);
  const VectorXd mean = FitMap(data, broad, {broad.Shorter()}).ToVector();
  const GpPrior around = {.mean = mean, .sd = VectorXd::Ones(mean.size()), .kernel = kernel};
  VectorXd variance = VectorXd::Constant(mean.size(), kLeastSd * kLeastSd);
  for (const GpData& one : data) {
    const VectorXd own = FitMap({&one, 1}, around, {}).ToVector();
    variance += (own - mean).cwiseAbs2() / double(data.size());
  }
  options->standardisation = common;
  options->prior = {.mean = mean, .sd = variance.cwiseSqrt()};
}

std::vector<AgentKey> GpKeys() {
  std::vector<AgentKey> keys = {
      {"n_initial", "images before the model is asked"},
      {"budget", "images before it holds"},
      {"train_episodes", "episodes that teach the prior of its model; 0: broad priors"},
      {kValueKey, kValueMeaning}};
  for (AgentKey& key : GpChoiceKeys()) keys.push_back(std::move(key));
  return keys;
}

class GpLearner : public Learner {
 public:
  explicit GpLearner(const GpLearnerOptions& options) : options_(options) {}

  using Learner::Train;
  absl::StatusOr<Trained> Train(const EnvironmentFactory& make, uint64_t seed,
                                const TrainOptions& how) override {
    if (!how.checkpoint.empty()) {
      return absl::UnimplementedError("gp: a training of a few episodes makes no checkpoint");
    }
    RONCHI_ASSIGN_OR_RETURN(const std::unique_ptr<env::Environment> environment, make(0));
    const env::Spec& spec = environment->spec();
    GpPolicyOptions policy_options = options_.policy;
    policy_options.prior.reset();
    policy_options.standardisation.reset();
    RONCHI_ASSIGN_OR_RETURN(
        const std::unique_ptr<GpPolicy> explorer,
        GpPolicy::Create(spec.observation_space, spec.action_space, policy_options));

    TrainingSummary summary;
    std::vector<Episode> episodes;
    Progress progress("gp", options_.episodes);
    RandomStream seeds({.seed = seed, .name = "agents.gp_learner"});
    for (size_t i = 0; i < options_.episodes && !Interrupted(); ++i) {
      RONCHI_ASSIGN_OR_RETURN(
          Episode episode,
          RunEpisode(*environment, *explorer, i == 0 ? std::optional<uint64_t>(seed) : std::nullopt,
                     seeds()));
      summary.steps += episode.steps;
      if (Interrupted()) break;  // half an episode teaches no length scale
      ++summary.episodes;
      summary.curve.push_back({.steps = summary.steps,
                               .mean_return = episode.total_reward,
                               .mean_length = double(episode.steps)});
      progress.Tick(1, absl::StrFormat("return %.3g", episode.total_reward));
      episodes.push_back(std::move(episode));
    }
    summary.interrupted = Interrupted();
    if (!episodes.empty()) LearnPrior(episodes, &policy_options);
    RONCHI_ASSIGN_OR_RETURN(
        std::unique_ptr<Policy> policy,
        GpPolicy::Create(spec.observation_space, spec.action_space, policy_options));
    return Trained{.policy = std::move(policy), .summary = std::move(summary)};
  }

 private:
  const GpLearnerOptions options_;
};

}  // namespace

std::unique_ptr<Learner> MakeGpLearner(const GpLearnerOptions& options) {
  return std::make_unique<GpLearner>(options);
}

AgentKind GpAgent() {
  return {.kind = "gp",
          .summary =
              "Gaussian-process optimisation: Matérn 5/2, learned noise, log expected "
              "improvement",
          .learns = true,
          .keys = GpKeys(),
          .read =
              [](ConfigReader& reader) {
                GpLearnerOptions o;
                int64_t initial = int64_t(o.policy.n_initial), budget = int64_t(o.policy.budget);
                int64_t episodes = int64_t(o.episodes);
                reader.Integer("n_initial", &initial, {.min = 2, .max = 1000});
                reader.Integer("budget", &budget, {.min = 2, .max = 1000});
                reader.Integer("train_episodes", &episodes, {.min = 0, .max = 1000});
                ReadKnobTask(reader, &o.policy.task);
                ReadGpChoices(reader, &o.policy.choices);
                if (reader.ok() && budget < initial) {
                  reader.Fail("budget", "must not be below n_initial");
                }
                o.policy.n_initial = size_t(initial);
                o.policy.budget = size_t(budget);
                o.episodes = size_t(episodes);
                return PlanOfLearner(
                    [o](const env::Spec& spec) {
                      return GpPolicy::Create(spec.observation_space, spec.action_space, o.policy)
                          .status();
                    },
                    [o] { return MakeGpLearner(o); });
              },
          .load = GpPolicy::FromJson};
}

}  // namespace ronchi::agents
