#include "agents/rl/ppo.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agents/checkpoint.h"
#include "agents/kinds.h"
#include "agents/nn/adam.h"
#include "agents/rl/action_distribution.h"
#include "agents/rl/experience.h"
#include "agents/rl/ppo_loss.h"
#include "agents/rl/ppo_policy.h"
#include "agents/rl/rollout.h"
#include "core/interrupt.h"
#include "core/json_error.h"
#include "core/progress.h"
#include "core/random.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

using nlohmann::json;

// Rows `picked` of [n, width].
std::vector<float> Pick(const std::vector<float>& all, size_t width,
                        std::span<const size_t> picked) {
  std::vector<float> out;
  out.reserve(picked.size() * width);
  for (size_t i : picked) {
    const auto row = std::span(all).subspan(i * width, width);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

// To mean 0 and variance 1.
void Standardise(std::vector<float>& values) {
  const double n = double(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (float v : values) squares += (v - mean) * (v - mean);
  const double sd = std::sqrt(squares / n) + 1e-8;
  for (float& v : values) v = float((v - mean) / sd);
}

class PpoTraining {
 public:
  PpoTraining(const PpoOptions& options, const TrainOptions& how, uint64_t seed, Rollout rollout,
              std::unique_ptr<ActorCritic> network)
      : options_(options),
        how_(how),
        seed_(seed),
        rollout_(std::move(rollout)),
        network_(std::move(network)),
        parameters_(network_->Parameters()),
        weights_(parameters_.size()),
        adam_(weights_ + rollout_.layout().action_size()) {
    // The spread of the actions is learned with the weights, behind them.
    parameters_.resize(weights_ + rollout_.layout().action_size(), float(options.initial_log_std));
    summary_.steps_asked = options_.total_steps;
  }

  absl::StatusOr<Trained> Run() {
    RONCHI_RETURN_IF_ERROR(GoOn());
    const int64_t round = int64_t(options_.rollout_steps * options_.environments);
    const int64_t updates = TrainedSteps(options_) / round;
    Progress progress("ppo", size_t(updates));
    progress.Tick(size_t(update_));
    while (update_ < updates && !Interrupted()) {
      RONCHI_RETURN_IF_ERROR(Collect());
      if (Interrupted()) break;  // half a rollout is not learned from
      const double left = 1 - double(update_) / double(updates);
      RONCHI_RETURN_IF_ERROR(Update(left * options_.learning_rate));
      if (const auto point = rollout_.TakePoint()) summary_.curve.push_back(*point);
      ++update_;
      if (update_ % how_.checkpoint_every == 0 || update_ == updates) {
        RONCHI_RETURN_IF_ERROR(Save());
      }
      progress.Tick(1, summary_.curve.empty()
                           ? ""
                           : absl::StrFormat("return %.3g", summary_.curve.back().mean_return));
    }
    summary_.steps = rollout_.tally().steps();
    summary_.episodes = rollout_.tally().episodes();
    summary_.interrupted = Interrupted();
    const env::Spec& spec = rollout_.spec();
    auto policy = MakePpoPolicy({.observation_space = spec.observation_space,
                                 .action_space = spec.action_space,
                                 .layout = rollout_.layout(),
                                 .hidden = options_.hidden,
                                 .moments = rollout_.moments(),
                                 .log_std = {LogStd().begin(), LogStd().end()},
                                 .network = std::move(network_)});
    return Trained{.policy = std::move(policy), .summary = std::move(summary_)};
  }

 private:
  std::span<const float> LogStd() const { return std::span(parameters_).subspan(weights_); }
  RandomStream Stream(const char* name) const {
    return RandomStream({.seed = seed_, .name = name, .episode = uint64_t(update_)});
  }

  absl::Status Collect() {
    RandomStream noise = Stream("agents.ppo.actions");
    return rollout_.Collect(
        options_.rollout_steps, [&](std::span<const float> rows) { return Choose(rows, noise); },
        [this](std::span<const float> rows) -> absl::StatusOr<std::vector<float>> {
          RONCHI_ASSIGN_OR_RETURN(ActorCriticOutputs out, network_->Forward(rows));
          return std::move(out.critic);
        });
  }

  // An action of each environment, drawn from the policy.
  absl::StatusOr<Rollout::Choice> Choose(std::span<const float> rows, RandomStream& noise) {
    RONCHI_ASSIGN_OR_RETURN(ActorCriticOutputs out, network_->Forward(rows));
    Rollout::Choice choice;
    const size_t a = rollout_.layout().action_size();
    for (size_t i = 0; i < out.critic.size(); ++i) {
      const ActionDistribution d(rollout_.layout().discrete(),
                                 std::span(out.actor).subspan(i * a, a), LogStd());
      const std::vector<float> action = d.Draw(noise);
      choice.log_probabilities.push_back(float(d.LogProbability(action)));
      choice.actions.insert(choice.actions.end(), action.begin(), action.end());
    }
    choice.values = std::move(out.critic);
    return choice;
  }

  absl::Status Update(double rate) {
    Experience e = JoinTracks(rollout_.Tracks(), options_.gamma, options_.lambda);
    std::vector<float> returns(e.values.size());
    for (size_t i = 0; i < returns.size(); ++i) returns[i] = e.advantages[i] + e.values[i];
    std::vector<size_t> order(e.values.size());
    std::iota(order.begin(), order.end(), size_t{0});
    const size_t size =
        (order.size() + size_t(options_.minibatches) - 1) / size_t(options_.minibatches);
    RandomStream shuffle = Stream("agents.ppo.minibatches");
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[shuffle.Below(i)]);
      for (size_t begin = 0; begin < order.size(); begin += size) {
        const auto picked = std::span(order).subspan(begin, std::min(size, order.size() - begin));
        RONCHI_RETURN_IF_ERROR(Descend(e, returns, picked, rate));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Descend(const Experience& e, const std::vector<float>& returns,
                       std::span<const size_t> picked, double rate) {
    const FeatureLayout& layout = rollout_.layout();
    PpoSamples samples = {.discrete = layout.discrete(),
                          .actions = Pick(e.actions, layout.action_size(), picked),
                          .log_probabilities = Pick(e.log_probabilities, 1, picked),
                          .values = Pick(e.values, 1, picked),
                          .advantages = Pick(e.advantages, 1, picked),
                          .returns = Pick(returns, 1, picked),
                          .ratio_clip = options_.ratio_clip,
                          .value_clip = options_.value_clip,
                          .value_weight = options_.value_weight,
                          .entropy_weight = options_.entropy_weight};
    Standardise(samples.advantages);
    PpoLoss loss;
    RONCHI_ASSIGN_OR_RETURN(std::vector<float> gradient,
                            network_->Gradient(Pick(e.rows, layout.row_size(), picked),
                                               [&](const ActorCriticOutputs& out) {
                                                 loss = ComputePpoLoss(samples, out, LogStd());
                                                 return loss.gradient;
                                               }));
    gradient.insert(gradient.end(), loss.log_std_gradient.begin(), loss.log_std_gradient.end());
    adam_.Step(gradient, rate, options_.max_gradient_norm, parameters_);
    return network_->SetParameters(std::span(parameters_).first(weights_));
  }

  json Identity() const {
    const PpoOptions& o = options_;
    const env::Spec& spec = rollout_.spec();
    return {{"kind", "ppo"},
            {"task", spec.id},
            {"seed", seed_},
            {"total_steps", o.total_steps},
            {"environments", o.environments},
            {"rollout_steps", o.rollout_steps},
            {"epochs", o.epochs},
            {"minibatches", o.minibatches},
            {"learning_rate", o.learning_rate},
            {"gamma", o.gamma},
            {"lambda", o.lambda},
            {"ratio_clip", o.ratio_clip},
            {"value_clip", o.value_clip},
            {"entropy_weight", o.entropy_weight},
            {"value_weight", o.value_weight},
            {"max_gradient_norm", o.max_gradient_norm},
            {"hidden", o.hidden},
            {"row_size", rollout_.layout().row_size()},
            {"action_size", rollout_.layout().action_size()}};
  }

  absl::Status Save() {
    if (how_.checkpoint.empty()) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const json rollout, rollout_.Save());
    return WriteCheckpoint(how_.checkpoint, Identity(),
                           {{"update", update_},
                            {"parameters", parameters_},
                            {"adam", adam_.Save()},
                            {"rollout", rollout},
                            {"summary", SummaryToJson(summary_)}});
  }

  // From the checkpoint, if there is one.
  absl::Status GoOn() {
    if (how_.checkpoint.empty()) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const json saved, ReadCheckpoint(how_.checkpoint, Identity()));
    if (saved.is_null()) return rollout_.Save().status();  // whether it can be, before the work
    try {
      const auto parameters = saved.at("parameters").get<std::vector<float>>();
      if (parameters.size() != parameters_.size() || !adam_.Restore(saved.at("adam"))) {
        return absl::InvalidArgumentError(how_.checkpoint + ": of another network");
      }
      update_ = saved.at("update").get<int64_t>();
      summary_ = SummaryFromJson(saved.at("summary"));
      parameters_ = parameters;
      RONCHI_RETURN_IF_ERROR(rollout_.Restore(saved.at("rollout")));
    } catch (const json::exception& e) {
      return absl::InvalidArgumentError(absl::StrCat(how_.checkpoint, ": ", JsonError(e)));
    }
    return network_->SetParameters(std::span(parameters_).first(weights_));
  }

  const PpoOptions options_;
  const TrainOptions how_;
  const uint64_t seed_;
  Rollout rollout_;
  std::unique_ptr<ActorCritic> network_;
  std::vector<float> parameters_;  // the network's, then log_std
  const size_t weights_;           // how many of them are the network's
  Adam adam_;
  int64_t update_ = 0;  // done so far
  TrainingSummary summary_;
};

class PpoLearner final : public Learner {
 public:
  explicit PpoLearner(const PpoOptions& options) : options_(options) {}
  using Learner::Train;
  absl::StatusOr<Trained> Train(const EnvironmentFactory& make, uint64_t seed,
                                const TrainOptions& how) override {
    RONCHI_RETURN_IF_ERROR(CheckPpoOptions(options_));
    RONCHI_ASSIGN_OR_RETURN(Rollout rollout,
                            Rollout::Create(make, options_.environments, options_.gamma, seed));
    RONCHI_ASSIGN_OR_RETURN(
        auto network,
        MakeActorCritic({.layout = rollout.layout(), .hidden = options_.hidden}, seed));
    return PpoTraining(options_, how, seed, std::move(rollout), std::move(network)).Run();
  }

 private:
  const PpoOptions options_;
};

// PPO learns after whole rounds of images alone.
void SayRounding(const PpoOptions& options) {
  const int64_t trained = TrainedSteps(options);
  if (trained == options.total_steps) return;
  Progress::Say(absl::StrCat("ppo: learns in rounds of ",
                             options.rollout_steps * options.environments, " images; ",
                             options.total_steps, " were asked for, ", trained, " are taken"));
}

AgentPlan ReadPpo(ConfigReader& reader) {
  PpoOptions o{.total_steps = 20000};
  int64_t environments = int64_t(o.environments), rollout_steps = int64_t(o.rollout_steps);
  int64_t hidden = int64_t(o.hidden);
  reader.Integer("train_steps", &o.total_steps, {.min = 1, .max = 1e9});
  reader.Integer("environments", &environments, {.min = 1, .max = 4096});
  reader.Integer("rollout_steps", &rollout_steps, {.min = 1, .max = 1e6});
  reader.Number("learning_rate", &o.learning_rate, {.min = 1e-8, .max = 1});
  reader.Number("gamma", &o.gamma, {.min = 0, .max = 1});
  reader.Integer("hidden", &hidden, {.min = 1, .max = 4096});
  const TrainOptions how = ReadCheckpointKeys(reader);
  o.environments = size_t(environments);
  o.rollout_steps = size_t(rollout_steps);
  o.hidden = size_t(hidden);
  return PlanOfLearner(
      [](const env::Spec& spec) {
        return FeatureLayout::Create(spec.observation_space, spec.action_space).status();
      },
      [o] {
        SayRounding(o);
        return MakePpoLearner(o);
      },
      how);
}

}  // namespace

std::unique_ptr<Learner> MakePpoLearner(const PpoOptions& options) {
  return std::make_unique<PpoLearner>(options);
}

AgentKind PpoAgent() {
  std::vector<AgentKey> keys = {
      {"train_steps", "steps to train on, in all environments together"},
      {"environments", "how many are stepped side by side"},
      {"rollout_steps", "of each environment between two updates"},
      {"learning_rate", "of Adam, at the beginning; it falls linearly to 0"},
      {"gamma", "discount of later rewards, a step"},
      {"hidden", "units of each of the two layers"}};
  for (AgentKey& key : CheckpointKeys()) keys.push_back(std::move(key));
  return {.kind = "ppo",
          .summary =
              "proximal policy optimisation with a small network (libtorch where there are images)",
          .learns = true,
          .keys = std::move(keys),
          .read = ReadPpo,
          .load = ReadPpoPolicy};
}

}  // namespace ronchi::agents
