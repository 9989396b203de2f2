#include "agents/rl/episode_tally.h"

#include <nlohmann/json.hpp>
#include <numeric>

namespace ronchi::agents {

void EpisodeTally::Step(size_t i, double reward) {
  ++steps_;
  ++lengths_[i];
  returns_[i] += reward;
}

void EpisodeTally::End(size_t i) {
  ++episodes_;
  ended_returns_.push_back(returns_[i]);
  ended_lengths_.push_back(lengths_[i]);
  returns_[i] = lengths_[i] = 0;
}

std::optional<TrainingPoint> EpisodeTally::TakePoint() {
  if (ended_returns_.empty()) return std::nullopt;
  const auto mean = [](const std::vector<double>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0) / double(v.size());
  };
  const TrainingPoint point = {
      .steps = steps_, .mean_return = mean(ended_returns_), .mean_length = mean(ended_lengths_)};
  ended_returns_.clear();
  ended_lengths_.clear();
  return point;
}

void EpisodeTally::SaveInto(nlohmann::json* saved) const {
  (*saved)["episode_returns"] = returns_;
  (*saved)["episode_steps"] = lengths_;
  (*saved)["steps"] = steps_;
  (*saved)["episodes"] = episodes_;
  (*saved)["ended_returns"] = ended_returns_;
  (*saved)["ended_lengths"] = ended_lengths_;
}

bool EpisodeTally::Restore(const nlohmann::json& saved) {
  EpisodeTally read(returns_.size());
  read.returns_ = saved.at("episode_returns").get<std::vector<double>>();
  read.lengths_ = saved.at("episode_steps").get<std::vector<double>>();
  read.steps_ = saved.at("steps").get<int64_t>();
  read.episodes_ = saved.at("episodes").get<int64_t>();
  read.ended_returns_ = saved.at("ended_returns").get<std::vector<double>>();
  read.ended_lengths_ = saved.at("ended_lengths").get<std::vector<double>>();
  if (read.returns_.size() != returns_.size() || read.lengths_.size() != lengths_.size() ||
      read.ended_returns_.size() != read.ended_lengths_.size()) {
    return false;
  }
  *this = std::move(read);
  return true;
}

}  // namespace ronchi::agents
