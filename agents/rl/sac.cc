#include "agents/rl/sac.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agents/checkpoint.h"
#include "agents/kinds.h"
#include "agents/rl/actor_policy.h"
#include "agents/rl/collector.h"
#include "agents/rl/replay.h"
#include "agents/rl/sac_update.h"
#include "agents/rl/squashed_gaussian.h"
#include "core/interrupt.h"
#include "core/json_error.h"
#include "core/progress.h"
#include "core/random.h"
#include "core/running_moments.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {
namespace {

using nlohmann::json;

// Steps from one point of the curve to the next; the rounds that checkpoints are counted in.
constexpr int64_t kSacRound = 1000;

SacShape ShapeOf(const SacOptions& o, const FeatureLayout& layout) {
  return {.row_size = layout.row_size(),
          .action_size = layout.action_size(),
          .hidden = {o.hidden, o.hidden},
          .batch = o.batch};
}

SacRates RatesOf(const SacOptions& o, const FeatureLayout& layout) {
  return {.learning_rate = o.learning_rate,
          .target_rate = o.target_rate,
          .target_entropy = -double(layout.action_size())};
}

class SacTraining {
 public:
  SacTraining(const SacOptions& options, const TrainOptions& how, uint64_t seed,
              Collector collector)
      : options_(options),
        how_(how),
        seed_(seed),
        collector_(std::move(collector)),
        replay_(size_t(std::min(options.replay, options.total_steps)), row_size(), action_size()),
        batch_(options.batch, row_size(), action_size()),
        update_(ShapeOf(options, collector_.layout()), RatesOf(options, collector_.layout()), seed),
        acting_(update_.actor(), collector_.environments()),
        moments_(row_size()),
        noise_(collector_.environments() * action_size()),
        actions_(noise_.size()),
        rows_(collector_.rows().begin(), collector_.rows().end()) {
    summary_.steps_asked = options_.total_steps;
  }

  absl::StatusOr<Trained> Run() {
    RONCHI_RETURN_IF_ERROR(GoOn());
    Progress progress("sac", size_t(options_.total_steps));
    progress.Tick(size_t(collector_.tally().steps()));
    while (collector_.tally().steps() < options_.total_steps && !Interrupted()) {
      const int64_t before = collector_.tally().steps();
      RONCHI_RETURN_IF_ERROR(Step());
      progress.Tick(size_t(collector_.tally().steps() - before), Standing());
      const bool last = collector_.tally().steps() >= options_.total_steps;
      if (!last && collector_.tally().steps() / kSacRound == before / kSacRound) continue;
      if (const auto point = collector_.TakePoint()) summary_.curve.push_back(*point);
      if (!last && collector_.tally().steps() / kSacRound % how_.checkpoint_every == 0) {
        RONCHI_RETURN_IF_ERROR(Save());
      }
    }
    RONCHI_RETURN_IF_ERROR(Save());
    summary_.steps = collector_.tally().steps();
    summary_.episodes = collector_.tally().episodes();
    summary_.interrupted = Interrupted();
    const std::span<const float> learned = update_.actor_parameters();
    auto policy = MakeActorPolicy({.kind = "sac",
                                   .observation_space = collector_.seen(),
                                   .action_space = collector_.spec().action_space,
                                   .layout = collector_.layout(),
                                   .network = update_.actor(),
                                   .parameters = {learned.begin(), learned.end()},
                                   .moments = moments_,
                                   .normalise = options_.normalise});
    return Trained{.policy = std::move(policy), .summary = std::move(summary_)};
  }

 private:
  size_t row_size() const { return collector_.layout().row_size(); }
  size_t action_size() const { return collector_.layout().action_size(); }
  std::string Standing() const {
    return summary_.curve.empty()
               ? ""
               : absl::StrFormat("return %.3g", summary_.curve.back().mean_return);
  }
  RandomStream Stream(const char* name) const {
    return RandomStream(
        {.seed = seed_, .name = name, .episode = uint64_t(collector_.tally().steps())});
  }

  absl::Status Step() {
    Choose();
    RONCHI_RETURN_IF_ERROR(collector_.Step(actions_, options_.gamma, &replay_));
    if (options_.normalise) {
      for (size_t i = 0; i < collector_.environments(); ++i) {
        moments_.Add(collector_.rows().subspan(i * row_size(), row_size()));
      }
    }
    if (collector_.tally().steps() <= options_.random_steps) return absl::OkStatus();
    RandomStream drawn = Stream("agents.sac.batches"), noise = Stream("agents.sac.noise");
    const int64_t updates = options_.updates * int64_t(collector_.environments());
    for (int64_t u = 0; u < updates; ++u) {
      replay_.Draw(drawn, &batch_);
      Normalise(batch_.rows);
      update_.Step(batch_, noise);
    }
    return absl::OkStatus();
  }

  void Normalise(std::span<float> rows) const {
    if (options_.normalise) moments_.Normalise(rows, kNormaliseEpsilon, kNormaliseClip);
  }

  // An action of each environment, by noise that remembers.
  void Choose() {
    RandomStream stream = Stream("agents.sac.actions");
    const double kept = options_.noise_memory > 0 && collector_.tally().steps() > 0
                            ? std::exp(-1 / options_.noise_memory)
                            : 0;
    const double fresh = std::sqrt(1 - kept * kept);
    for (float& x : noise_) x = float(kept * x + fresh * stream.Normal());
    if (collector_.tally().steps() < options_.random_steps) {
      // The normal distribution's own function makes its numbers even.
      for (size_t i = 0; i < noise_.size(); ++i) {
        actions_[i] = std::erf(noise_[i] / std::numbers::sqrt2_v<float>);
      }
      return;
    }
    std::ranges::copy(collector_.rows(), rows_.begin());
    Normalise(rows_);
    const std::span<const float> outputs = acting_.Forward(update_.actor_parameters(), rows_);
    const size_t a = action_size();
    for (size_t i = 0; i < collector_.environments(); ++i) {
      DrawSquashed(outputs.subspan(i * 2 * a, 2 * a), std::span(noise_).subspan(i * a, a),
                   std::span(actions_).subspan(i * a, a));
    }
  }

  json Identity() const {
    const SacOptions& o = options_;
    return {{"kind", "sac"},
            {"task", collector_.spec().id},
            {"seed", seed_},
            {"total_steps", o.total_steps},
            {"environments", o.environments},
            {"random_steps", o.random_steps},
            {"batch", o.batch},
            {"hidden", o.hidden},
            {"learning_rate", o.learning_rate},
            {"gamma", o.gamma},
            {"target_rate", o.target_rate},
            {"updates", o.updates},
            {"replay", o.replay},
            {"noise_memory", o.noise_memory},
            {"normalise", o.normalise},
            {"row_size", row_size()},
            {"action_size", action_size()}};
  }

  absl::Status Save() {
    if (how_.checkpoint.empty()) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(json collector, collector_.Save());
    return WriteCheckpoint(how_.checkpoint, Identity(),
                           {{"collector", std::move(collector)},
                            {"replay", replay_.Save()},
                            {"learned", update_.Save()},
                            {"moments", moments_.ToJson()},
                            {"noise", noise_},
                            {"summary", SummaryToJson(summary_)}});
  }

  // From the checkpoint, if there is one.
  absl::Status GoOn() {
    if (how_.checkpoint.empty()) return absl::OkStatus();
    RONCHI_ASSIGN_OR_RETURN(const json saved, ReadCheckpoint(how_.checkpoint, Identity()));
    if (saved.is_null()) return collector_.Save().status();  // whether it can be, before the work
    try {
      const auto noise = saved.at("noise").get<std::vector<float>>();
      if (noise.size() != noise_.size() || !replay_.Restore(saved.at("replay")) ||
          !update_.Restore(saved.at("learned")) || !moments_.FromJson(saved.at("moments"))) {
        return absl::InvalidArgumentError(how_.checkpoint + ": of another network");
      }
      noise_ = noise;
      summary_ = SummaryFromJson(saved.at("summary"));
      return collector_.Restore(saved.at("collector"));
    } catch (const json::exception& e) {
      return absl::InvalidArgumentError(absl::StrCat(how_.checkpoint, ": ", JsonError(e)));
    }
  }

  const SacOptions options_;
  const TrainOptions how_;
  const uint64_t seed_;
  Collector collector_;
  ReplayBuffer replay_;
  ReplayBatch batch_;
  SacUpdate update_;
  MlpPass acting_;
  RunningMoments moments_;  // of a row
  std::vector<float> noise_, actions_, rows_;
  TrainingSummary summary_;
};

absl::Status SacFits(const env::Spec& spec) {
  const env::DictSpace seen = VectorsOf(spec.observation_space);
  if (seen.empty()) {
    return absl::InvalidArgumentError("sac needs an observation that is a number or a vector");
  }
  if (spec.action_space.choices > 0) {
    return absl::InvalidArgumentError(
        "sac's actions are numbers; this task's are choices, which ppo takes");
  }
  return FeatureLayout::Create(seen, spec.action_space).status();
}

class SacLearner final : public Learner {
 public:
  explicit SacLearner(const SacOptions& options) : options_(options) {}
  using Learner::Train;
  absl::StatusOr<Trained> Train(const EnvironmentFactory& make, uint64_t seed,
                                const TrainOptions& how) override {
    RONCHI_RETURN_IF_ERROR(CheckSacOptions(options_));
    RONCHI_ASSIGN_OR_RETURN(const auto first, make(0));
    RONCHI_RETURN_IF_ERROR(SacFits(first->spec()));
    RONCHI_ASSIGN_OR_RETURN(Collector collector,
                            Collector::Create(make, options_.environments, seed));
    return SacTraining(options_, how, seed, std::move(collector)).Run();
  }

 private:
  const SacOptions options_;
};

AgentPlan ReadSac(ConfigReader& reader) {
  SacOptions o;
  int64_t environments = int64_t(o.environments), batch = int64_t(o.batch);
  int64_t hidden = int64_t(o.hidden);
  reader.Integer("train_steps", &o.total_steps, {.min = 1, .max = 1e9});
  reader.Integer("environments", &environments, {.min = 1, .max = 4096});
  reader.Integer("random_steps", &o.random_steps, {.min = 1, .max = 1e9});
  reader.Integer("batch", &batch, {.min = 1, .max = 65536});
  reader.Integer("hidden", &hidden, {.min = 1, .max = 4096});
  reader.Number("learning_rate", &o.learning_rate, {.min = 1e-8, .max = 1});
  reader.Number("gamma", &o.gamma, {.min = 0, .max = 1});
  reader.Number("target_rate", &o.target_rate, {.min = 1e-6, .max = 1});
  reader.Integer("updates", &o.updates, {.min = 1, .max = 1000});
  reader.Integer("replay", &o.replay, {.min = 1, .max = 1e8});
  reader.Number("noise_memory", &o.noise_memory, {.min = 0, .max = 1e6});
  reader.Bool("normalise", &o.normalise);
  const TrainOptions how = ReadCheckpointKeys(reader);
  o.environments = size_t(environments);
  o.batch = size_t(batch);
  o.hidden = size_t(hidden);
  return PlanOfLearner(
      SacFits, [o] { return MakeSacLearner(o); }, how);
}

}  // namespace

absl::Status CheckSacOptions(const SacOptions& o) {
  const auto refused = [](const char* name, double value, const char* allowed) {
    return absl::InvalidArgumentError(
        absl::StrCat("sac ", name, " ", value, " is not allowed; allowed: ", allowed));
  };
  const std::pair<const char*, double> positive[] = {{"total_steps", double(o.total_steps)},
                                                     {"environments", double(o.environments)},
                                                     {"random_steps", double(o.random_steps)},
                                                     {"batch", double(o.batch)},
                                                     {"hidden", double(o.hidden)},
                                                     {"updates", double(o.updates)},
                                                     {"replay", double(o.replay)},
                                                     {"learning_rate", o.learning_rate},
                                                     {"target_rate", o.target_rate}};
  for (const auto& [name, value] : positive) {
    if (!(value > 0)) return refused(name, value, "above 0");
  }
  if (o.target_rate > 1) return refused("target_rate", o.target_rate, "at most 1");
  if (!(o.gamma >= 0 && o.gamma <= 1)) return refused("gamma", o.gamma, "0 … 1");
  if (!(o.noise_memory >= 0)) return refused("noise_memory", o.noise_memory, "0 or more");
  return absl::OkStatus();
}

std::unique_ptr<Learner> MakeSacLearner(const SacOptions& options) {
  return std::make_unique<SacLearner>(options);
}

AgentKind SacAgent() {
  std::vector<AgentKey> keys = {
      {"train_steps", "steps to train on, in all environments together"},
      {"environments", "how many are stepped side by side"},
      {"random_steps", "at first, evenly over the action space"},
      {"batch", "transitions that an update learns from"},
      {"hidden", "units of each of the two layers"},
      {"learning_rate", "of Adam"},
      {"gamma", "discount of later rewards, a step"},
      {"target_rate", "how far the target critics follow, an update"},
      {"updates", "for each step of an environment"},
      {"replay", "transitions that are kept, at most"},
      {"noise_memory", "steps that the noise of actions is correlated over; 0: none"},
      {"normalise", "observations by their running mean and deviation"}};
  for (AgentKey& key : CheckpointKeys()) keys.push_back(std::move(key));
  return {.kind = "sac",
          .summary =
              "soft actor-critic, from numbers and vectors alone; learns from every step "
              "many times",
          .learns = true,
          .keys = std::move(keys),
          .read = ReadSac,
          .load = [](const json& j) { return ReadActorPolicy("sac", 2, j); }};
}

}  // namespace ronchi::agents
