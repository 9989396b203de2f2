#include "agents/bayes/gp_learner.h"

#include <cmath>
#include <vector>

#include "absl/strings/str_format.h"
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

// MAP hyper-parameters of one episode in the common standardisation; rows of [episodes, d + 2].
VectorXd FitEpisode(const Episode& episode, const Standardisation& common, const GpPrior& broad) {
  VectorXd y =
      Eigen::Map<const VectorXd>(episode.outputs.data(), Eigen::Index(episode.outputs.size()));
  y = (y.array() - common.offset) / common.scale;
  GpHyperparameters shorter = GpHyperparameters::FromVector(broad.mean);
  shorter.log_length_scale.array() -= 1.0;
  return FitMap(episode.inputs, y, broad, {shorter}).ToVector();
}

void LearnPrior(const std::vector<Episode>& episodes, GpPolicyOptions* options) {
  std::vector<double> all;
  for (const Episode& e : episodes) all.insert(all.end(), e.outputs.begin(), e.outputs.end());
  const Standardisation common = StandardisationOf(all);
  const GpPrior broad = GpPrior::Broad(size_t(episodes[0].inputs.cols()));
  MatrixXd fits(broad.mean.size(), Eigen::Index(episodes.size()));
  for (size_t i = 0; i < episodes.size(); ++i) {
    fits.col(Eigen::Index(i)) = FitEpisode(episodes[i], common, broad);
  }
  const VectorXd mean = fits.rowwise().mean();
  const double freedom = std::max(1.0, double(episodes.size()) - 1);
  const VectorXd variance = (fits.colwise() - mean).rowwise().squaredNorm() / freedom;
  options->standardisation = common;
  options->prior = {.mean = mean, .sd = (variance.array() + kLeastSd * kLeastSd).sqrt().matrix()};
}

class GpLearner : public Learner {
 public:
  explicit GpLearner(const GpLearnerOptions& options) : options_(options) {}

  absl::StatusOr<Trained> Train(const EnvironmentFactory& make, uint64_t seed) override {
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

}  // namespace ronchi::agents
