#include "agents/torch/rollout.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "agents/spaces.h"
#include "core/interrupt.h"
#include "core/parallel.h"

namespace ronchi::agents {

absl::StatusOr<Rollout> Rollout::Create(const EnvironmentFactory& make, size_t environments,
                                        double gamma, uint64_t seed) {
  RONCHI_CHECK(environments > 0);
  std::vector<std::unique_ptr<env::Environment>> made(environments);
  for (size_t i = 0; i < environments; ++i) {
    RONCHI_ASSIGN_OR_RETURN(made[i], make(i));
  }
  const env::Spec& spec = made[0]->spec();
  RONCHI_ASSIGN_OR_RETURN(FeatureLayout layout,
                          FeatureLayout::Create(spec.observation_space, spec.action_space));
  Rollout rollout(std::move(layout), gamma);
  for (auto& environment : made) {
    rollout.workers_.push_back({.environment = std::move(environment),
                                .memory = EpisodeFeatures(rollout.layout_),
                                .row = {},
                                .track = {},
                                .step = absl::UnknownError("not stepped"),
                                .new_start = absl::UnknownError("not reset")});
    Worker& worker = rollout.workers_.back();
    RONCHI_ASSIGN_OR_RETURN(const env::ResetResult start, worker.environment->Reset(seed));
    RONCHI_ASSIGN_OR_RETURN(worker.row, rollout.Observe(worker, start.observation));
  }
  return rollout;
}

absl::StatusOr<std::vector<float>> Rollout::Observe(Worker& worker,
                                                    const env::Observation& observation) {
  RONCHI_RETURN_IF_ERROR(
      CheckObservation(worker.environment->spec().observation_space, observation));
  std::vector<float> row = worker.memory.Observe(observation);
  const std::span<float> vectors = std::span(row).first(moments_.size());
  moments_.Add(vectors);
  moments_.Normalise(vectors, kNormaliseEpsilon, kNormaliseClip);
  return row;
}

absl::Status Rollout::Collect(size_t steps, const Choose& choose, const ValueOf& value_of) {
  for (Worker& worker : workers_) worker.track = Track();
  for (size_t t = 0; t < steps && !Interrupted(); ++t) {
    std::vector<float> rows;
    for (const Worker& w : workers_) rows.insert(rows.end(), w.row.begin(), w.row.end());
    Assign(choose(rows));
    StepAll();
    for (Worker& worker : workers_) RONCHI_RETURN_IF_ERROR(Record(worker, value_of));
  }
  // Within an episode the next value is the one of the next row acted on; the last row has not
  // been acted on yet. Where an episode ended, Record has dealt with it.
  for (Worker& worker : workers_) {
    Track& track = worker.track;
    for (size_t t = 0; t < track.values.size(); ++t) {
      if (track.terminated[t] || track.truncated[t]) continue;
      const bool last = t + 1 == track.values.size();
      track.next_values[t] = last ? value_of(worker.row) : track.values[t + 1];
    }
  }
  return absl::OkStatus();
}

void Rollout::Assign(const Choice& choice) {
  const size_t a = layout_.action_size();
  for (size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = workers_[i];
    Track& track = worker.track;
    const std::span<const float> action = std::span(choice.actions).subspan(i * a, a);
    track.rows.insert(track.rows.end(), worker.row.begin(), worker.row.end());
    track.actions.insert(track.actions.end(), action.begin(), action.end());
    track.log_probabilities.push_back(choice.log_probabilities[i]);
    track.values.push_back(choice.values[i]);
    worker.memory.SetAction(action);
  }
}

// Each item touches its own worker only.
void Rollout::StepAll() {
  ParallelFor(workers_.size(), 1, [this](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      Worker& w = workers_[i];
      const std::span<const float> action =
          std::span<const float>(w.track.actions).last(layout_.action_size());
      w.step = w.environment->Step(ScaleAction(w.environment->spec().action_space, action));
      if (w.step.ok() && (w.step->terminated || w.step->truncated)) {
        w.new_start = w.environment->Reset(std::nullopt);
      }
    }
  });
}

absl::Status Rollout::Record(Worker& w, const ValueOf& value_of) {
  RONCHI_RETURN_IF_ERROR(w.step.status());
  const bool terminated = w.step->terminated, truncated = w.step->truncated && !terminated;
  w.track.rewards.push_back(ScaleReward(w, w.step->reward));
  w.track.terminated.push_back(terminated);
  w.track.truncated.push_back(truncated);
  RONCHI_ASSIGN_OR_RETURN(w.row, Observe(w, w.step->observation));
  w.track.next_values.push_back(truncated ? value_of(w.row) : 0.0f);
  ++steps_;
  ++w.episode_steps;
  w.episode_return += w.step->reward;
  return terminated || truncated ? BeginEpisode(w) : absl::OkStatus();
}

// By the spread of the discounted returns, so that the critic's targets are of order one.
float Rollout::ScaleReward(Worker& w, double reward) {
  w.discounted_return = gamma_ * w.discounted_return + reward;
  const float current = float(w.discounted_return);
  return_moments_.Add({&current, 1});
  return float(std::clamp(reward / std::sqrt(return_moments_.variance()[0] + kNormaliseEpsilon),
                          -kNormaliseClip, kNormaliseClip));
}

absl::Status Rollout::BeginEpisode(Worker& w) {
  RONCHI_RETURN_IF_ERROR(w.new_start.status());
  ++episodes_;
  ended_returns_.push_back(w.episode_return);
  ended_lengths_.push_back(double(w.episode_steps));
  w.discounted_return = w.episode_return = 0;
  w.episode_steps = 0;
  w.memory.Begin();
  RONCHI_ASSIGN_OR_RETURN(w.row, Observe(w, w.new_start->observation));
  return absl::OkStatus();
}

std::vector<Track> Rollout::Tracks() const {
  std::vector<Track> tracks;
  for (const Worker& worker : workers_) tracks.push_back(worker.track);
  return tracks;
}

std::optional<TrainingPoint> Rollout::TakePoint() {
  if (ended_returns_.empty()) return std::nullopt;
  auto mean = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / double(v.size());
  };
  const TrainingPoint point = {
      .steps = steps_, .mean_return = mean(ended_returns_), .mean_length = mean(ended_lengths_)};
  ended_returns_.clear();
  ended_lengths_.clear();
  return point;
}

}  // namespace ronchi::agents
