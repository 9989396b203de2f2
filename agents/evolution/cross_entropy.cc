// cross_entropy: a linear policy by the cross-entropy method (Rubinstein 1999; for policies: Szita
// & Lőrincz, Neural Comput. 18, 2936, 2006). Weights are drawn from a normal distribution of
// independent entries, each draw plays the same episodes, and the best ones' mean and spread are
// the next distribution. Extra variance that falls to zero keeps it from narrowing too early.
//
// The policy sees what is a number or a vector, now and one step ago, and its last action
// (agents/features.h); images it does not see. Episodes are functions of (seed, generation), so a
// generation needs no more of the past than mean and spread.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agents/checkpoint.h"
#include "agents/features.h"
#include "agents/kinds.h"
#include "agents/spaces.h"
#include "core/interrupt.h"
#include "core/json_error.h"
#include "core/progress.h"
#include "core/random.h"
#include "core/running_moments.h"
#include "env/vector_environment.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

struct CrossEntropyOptions {
  int population = 32, elites = 6, generations = 20;
  int episodes = 1;      // of each draw
  int environments = 4;  // stepped side by side
  double spread = 1;     // of the first generation's weights
};

class LinearPolicy final : public Policy {
 public:
  static absl::StatusOr<std::unique_ptr<LinearPolicy>> Create(const env::DictSpace& observations,
                                                              const env::Box& actions) {
    const env::DictSpace vectors = VectorsOf(observations);
    if (vectors.empty()) {
      return absl::InvalidArgumentError(
          "cross_entropy needs an observation that is a number or a vector");
    }
    RONCHI_ASSIGN_OR_RETURN(const FeatureLayout layout, FeatureLayout::Create(vectors, actions));
    return std::unique_ptr<LinearPolicy>(new LinearPolicy(vectors, actions, layout));
  }

  std::string kind() const override { return "cross_entropy"; }
  void Reset(uint64_t) override { memory_.Begin(); }  // nothing is random

  absl::StatusOr<Action> Act(const env::Observation& observation) override {
    RONCHI_RETURN_IF_ERROR(CheckObservation(observations_, observation));
    std::vector<float> row = memory_.Observe(observation);
    if (measuring) moments.Add(row);
    moments.Normalise(row, kNormaliseEpsilon, kNormaliseClip);
    std::vector<float> unit(outputs_);
    const float* w = weights.data();
    for (float& u : unit) {
      u = std::inner_product(row.begin(), row.end(), w, w[row.size()]);
      w += row.size() + 1;
    }
    memory_.SetAction(unit);
    return ScaleAction(actions_, unit);
  }

  nlohmann::json ToJson() const override {
    return {{"observation_space", DictSpaceToJson(observations_)},
            {"action_space", BoxToJson(actions_)},
            {"normalisation", moments.ToJson()},
            {"weights", FloatsToJson(weights)}};
  }
  static absl::StatusOr<std::unique_ptr<Policy>> FromJson(const nlohmann::json& json) {
    RONCHI_ASSIGN_OR_RETURN(auto policy, Create(DictSpaceFromJson(json.at("observation_space")),
                                                BoxFromJson(json.at("action_space"))));
    if (!policy->moments.FromJson(json.at("normalisation"))) {
      return absl::InvalidArgumentError("the normalisation does not fit the spaces");
    }
    RONCHI_ASSIGN_OR_RETURN(policy->weights,
                            FloatsFromJson(json.at("weights"), policy->weights.size()));
    return std::unique_ptr<Policy>(std::move(policy));
  }

  std::vector<float> weights;  // [actions, inputs + 1]: the last is the constant
  RunningMoments moments;
  bool measuring = false;  // the moments of what it sees

 private:
  LinearPolicy(const env::DictSpace& observations, const env::Box& actions,
               const FeatureLayout& layout)
      : weights(layout.action_size() * (layout.vector_size() + 1)),
        moments(layout.vector_size()),
        observations_(observations),
        actions_(actions),
        outputs_(layout.action_size()),
        memory_(layout) {}

  const env::DictSpace observations_;
  const env::Box actions_;
  const size_t outputs_;  // as many as the action has numbers, or choices
  EpisodeFeatures memory_;
};

class CrossEntropyTraining {
 public:
  CrossEntropyTraining(const CrossEntropyOptions& options, const TrainOptions& how, uint64_t seed,
                       std::unique_ptr<env::VectorEnvironment> vector,
                       std::unique_ptr<LinearPolicy> policy)
      : options_(options),
        how_(how),
        seed_(seed),
        vector_(std::move(vector)),
        policy_(std::move(policy)),
        mean_(policy_->weights.size(), 0.0),
        sd_(mean_.size(), options.spread) {}

  absl::StatusOr<Trained> Run() {
    RONCHI_RETURN_IF_ERROR(GoOn());
    if (generation_ == 0) RONCHI_RETURN_IF_ERROR(Measure());
    Progress progress("cross_entropy", size_t(options_.generations));
    progress.Tick(size_t(generation_));
    while (generation_ < options_.generations && !Interrupted()) {
      const int g = generation_ + 1;
      const auto draws = Draw(uint64_t(g));
      RONCHI_ASSIGN_OR_RETURN(const std::vector<double> returns, Play(draws, uint64_t(g)));
      if (Interrupted()) break;  // half a generation is not learned from
      Learn(draws, returns, 1 - double(g) / options_.generations);
      const double mean = std::reduce(returns.begin(), returns.end()) / double(returns.size());
      summary_.curve.push_back({.steps = summary_.steps,
                                .mean_return = mean,
                                .mean_length = double(steps_of_generation_) /
                                               double(draws.size() * size_t(options_.episodes))});
      generation_ = g;
      if (g % how_.checkpoint_every == 0 || g == options_.generations) {
        RONCHI_RETURN_IF_ERROR(Save());
      }
      progress.Tick(1, absl::StrFormat("return %.3g", mean));
    }
    summary_.interrupted = Interrupted();
    std::ranges::copy(mean_, policy_->weights.begin());
    return Trained{.policy = std::move(policy_), .summary = std::move(summary_)};
  }

 private:
  using Draws = std::vector<std::vector<float>>;

  nlohmann::json Identity() const {
    return {{"kind", "cross_entropy"},
            {"task", vector_->spec().id},
            {"seed", seed_},
            {"population", options_.population},
            {"elites", options_.elites},
            {"generations", options_.generations},
            {"episodes", options_.episodes},
            {"spread", options_.spread},
            {"weights", mean_.size()}};
  }
  absl::Status Save() const {
    if (how_.checkpoint.empty()) return absl::OkStatus();
    return WriteCheckpoint(how_.checkpoint, Identity(),
                           {{"generation", generation_},
                            {"mean", mean_},
                            {"sd", sd_},
                            {"moments", policy_->moments.ToJson()},
                            {"summary", SummaryToJson(summary_)}});
  }
  // From the checkpoint, if there is one.
  absl::Status GoOn() {
    if (how_.checkpoint.empty()) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const auto saved, ReadCheckpoint(how_.checkpoint, Identity()));
    if (saved.is_null()) return absl::OkStatus();
    try {
      generation_ = saved.at("generation").get<int>();
      mean_ = saved.at("mean").get<std::vector<double>>();
      sd_ = saved.at("sd").get<std::vector<double>>();
      summary_ = SummaryFromJson(saved.at("summary"));
      if (mean_.size() == policy_->weights.size() && sd_.size() == mean_.size() &&
          policy_->moments.FromJson(saved.at("moments"))) {
        return absl::OkStatus();
      }
      return absl::InvalidArgumentError(how_.checkpoint + ": of another policy");
    } catch (const nlohmann::json::exception& e) {
      return absl::InvalidArgumentError(absl::StrCat(how_.checkpoint, ": ", JsonError(e)));
    }
  }

  // What the inputs are like, from generation 0, which is not learned from.
  absl::Status Measure() {
    policy_->measuring = true;
    RONCHI_RETURN_IF_ERROR(Play({Draw(0)[0]}, 0).status());
    policy_->measuring = false;
    return absl::OkStatus();
  }

  RandomStream Stream(const char* name, uint64_t generation) const {
    return RandomStream({.seed = seed_, .name = name, .episode = generation});
  }

  Draws Draw(uint64_t generation) const {
    RandomStream stream = Stream("agents.cross_entropy.weights", generation);
    Draws draws(size_t(options_.population), std::vector<float>(mean_.size()));
    for (auto& draw : draws) {
      for (size_t i = 0; i < draw.size(); ++i) draw[i] = float(stream.Normal(mean_[i], sd_[i]));
    }
    return draws;
  }

  // Mean return of each draw over this generation's episodes, the same for all.
  absl::StatusOr<std::vector<double>> Play(const Draws& draws, uint64_t generation) {
    RandomStream stream = Stream("agents.cross_entropy.episodes", generation);
    std::vector<double> returns(draws.size());
    steps_of_generation_ = 0;
    for (int episode = 0; episode < options_.episodes; ++episode) {
      const uint64_t seed = (uint64_t(stream()) << 32) | stream();
      for (size_t first = 0; first < draws.size(); first += vector_->size()) {
        const size_t count = std::min(vector_->size(), draws.size() - first);
        RONCHI_RETURN_IF_ERROR(
            PlayBatch({draws.data() + first, count}, seed, {returns.data() + first, count}));
      }
    }
    for (double& r : returns) r /= options_.episodes;
    summary_.steps += steps_of_generation_;
    summary_.episodes += int64_t(draws.size()) * options_.episodes;
    return returns;
  }

  absl::Status PlayBatch(std::span<const std::vector<float>> draws, uint64_t seed,
                         std::span<double> returns) {
    const std::vector<std::optional<uint64_t>> seeds(vector_->size(), seed);
    RONCHI_RETURN_IF_ERROR(vector_->Reset(seeds, {}));
    std::vector<LinearPolicy> players(draws.size(), *policy_);
    for (size_t i = 0; i < draws.size(); ++i) {
      players[i].weights = draws[i];
      players[i].Reset(0);
    }
    const env::Spec& spec = vector_->spec();
    const size_t width = spec.observation_size(), a = spec.action_space.size();
    std::vector<float> actions;
    for (size_t i = 0; i < vector_->size(); ++i) {  // those without a player: something allowed
      const Action none = ClampAction(spec.action_space, std::vector<double>(a));
      actions.insert(actions.end(), none.begin(), none.end());
    }
    std::vector<char> ended(draws.size(), 0);
    while (std::ranges::count(ended, 0) > 0 && !Interrupted()) {
      for (size_t i = 0; i < draws.size(); ++i) {
        if (ended[i]) continue;
        const auto row = vector_->observations().subspan(i * width, width);
        RONCHI_ASSIGN_OR_RETURN(const Action action,
                                players[i].Act(env::Unflatten(spec.observation_space, row)));
        std::ranges::copy(action, actions.begin() + std::ptrdiff_t(i * a));
      }
      RONCHI_RETURN_IF_ERROR(vector_->Step(actions));
      for (size_t i = 0; i < draws.size(); ++i) {
        if (ended[i]) continue;
        returns[i] += vector_->rewards()[i];
        ended[i] = vector_->terminated()[i] || vector_->truncated()[i];
        ++steps_of_generation_;
      }
    }
    if (policy_->measuring) policy_->moments = players[0].moments;
    return absl::OkStatus();
  }

  // `left`: of the training, 1 … 0.
  void Learn(const Draws& draws, const std::vector<double>& returns, double left) {
    std::vector<size_t> order(draws.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, std::greater(), [&](size_t i) { return returns[i]; });
    order.resize(size_t(options_.elites));
    // A tenth of the first variance, at the beginning.
    const double extra = 0.1 * options_.spread * options_.spread * left;
    for (size_t k = 0; k < mean_.size(); ++k) {
      double sum = 0, squares = 0;
      for (size_t i : order) sum += draws[i][k];
      mean_[k] = sum / double(order.size());
      for (size_t i : order) squares += std::pow(draws[i][k] - mean_[k], 2);
      sd_[k] = std::sqrt(squares / double(order.size()) + extra);
    }
  }

  const CrossEntropyOptions options_;
  const TrainOptions how_;
  const uint64_t seed_;
  std::unique_ptr<env::VectorEnvironment> vector_;
  std::unique_ptr<LinearPolicy> policy_;
  std::vector<double> mean_, sd_;  // of the weights
  int generation_ = 0;             // done so far
  int64_t steps_of_generation_ = 0;
  TrainingSummary summary_;
};

class CrossEntropyLearner final : public Learner {
 public:
  explicit CrossEntropyLearner(const CrossEntropyOptions& options) : options_(options) {}
  using Learner::Train;
  absl::StatusOr<Trained> Train(const EnvironmentFactory& make, uint64_t seed,
                                const TrainOptions& how) override {
    RONCHI_ASSIGN_OR_RETURN(auto vector, env::VectorEnvironment::Create(
                                             make, {.environments = size_t(options_.environments),
                                                    .same_index = true}));
    const env::Spec& spec = vector->spec();
    RONCHI_ASSIGN_OR_RETURN(auto policy,
                            LinearPolicy::Create(spec.observation_space, spec.action_space));
    return CrossEntropyTraining(options_, how, seed, std::move(vector), std::move(policy)).Run();
  }

 private:
  const CrossEntropyOptions options_;
};

AgentPlan ReadCrossEntropy(ConfigReader& reader) {
  CrossEntropyOptions o;
  reader.Integer("population", &o.population, {.min = 2, .max = 10000});
  reader.Integer("elites", &o.elites, {.min = 2, .max = 10000});
  reader.Integer("generations", &o.generations, {.min = 1, .max = 1e6});
  reader.Integer("episodes", &o.episodes, {.min = 1, .max = 1000});
  reader.Integer("environments", &o.environments, {.min = 1, .max = 4096});
  reader.Number("spread", &o.spread, {.min = 1e-6, .max = 1e3});
  const TrainOptions how = ReadCheckpointKeys(reader);
  if (reader.ok() && o.elites > o.population) reader.Fail("elites", "must not exceed population");
  return PlanOfLearner(
      [](const env::Spec& spec) {
        return LinearPolicy::Create(spec.observation_space, spec.action_space).status();
      },
      [o] { return std::make_unique<CrossEntropyLearner>(o); }, how);
}

}  // namespace

AgentKind CrossEntropyAgent() {
  std::vector<AgentKey> keys = {
      {"population", "policies drawn in a generation"},
      {"elites", "of them whose mean and spread are the next distribution"},
      {"generations", "of learning; one more, of a single policy, measures the inputs"},
      {"episodes", "that each policy plays in a generation, the same for all"},
      {"environments", "how many are stepped side by side"},
      {"spread", "standard deviation of the first generation's weights"}};
  for (AgentKey& key : CheckpointKeys()) keys.push_back(std::move(key));
  return {.kind = "cross_entropy",
          .summary = "a linear policy by the cross-entropy method, from numbers and vectors alone",
          .learns = true,
          .keys = std::move(keys),
          .read = ReadCrossEntropy,
          .load = LinearPolicy::FromJson};
}

}  // namespace ronchi::agents
