// The monitor of a deployment: which rows it is fed with, when it is armed, what it says.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/loop/deployment.h"
#include "experiments/loop/streams.h"
#include "theory/monitor/monitor.h"

namespace ronchi {

class Watching {
 public:
  // `innovations`: the names of theory's streams; none without theory. InvalidArgument: a stream
  // that the task does not have.
  static absl::StatusOr<Watching> Create(const Recipe& recipe, const env::Spec& spec,
                                         const std::vector<std::string>& innovations,
                                         const References& references);

  void BeginEpisode();
  // What the agent does at the coming row.
  void AgentActs(bool holds);
  // A step, whose row is `row`. `innovations` in the order of the names.
  struct Fed {
    std::vector<NamedValue> streams;              // of this frame, without theory's
    std::optional<theory::MonitorReport> report;  // when the monitor was fed
  };
  absl::StatusOr<Fed> Step(const std::vector<NamedValue>& innovations,
                           const env::Observation& observation, std::span<const float> action,
                           double reward, const env::Info& info, int row);
  absl::StatusOr<Fed> EndEpisode(int row);
  // After an alarm: armed anew, with new learning frames.
  void Rearm();
  // The agent is to start from nothing: not watched until it rests again.
  void Disarm();
  int armed_at() const { return armed_at_; }
  int fed() const { return fed_; }  // rows that the monitor has seen

 private:
  Watching(const MonitorSettings& settings, Streams streams, theory::MultiStreamMonitor monitor)
      : settings_(settings), streams_(std::move(streams)), monitor_(std::move(monitor)) {}
  absl::StatusOr<std::optional<theory::MonitorReport>> Feed(const std::vector<NamedValue>& values,
                                                            int row);

  MonitorSettings settings_;
  Streams streams_;
  theory::MultiStreamMonitor monitor_;
  bool armed_ = false;
  int quiet_steps_ = 0;  // in a row without a move
  int unwatched_ = 0;    // rows still to be let pass
  int armed_at_ = -1, fed_ = 0;
};

}  // namespace ronchi
