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
  // A step: puts the streams into the trace; the monitor's report when it was fed.
  // `innovations` in the order of the names.
  absl::StatusOr<std::optional<theory::MonitorReport>> Step(
      const std::vector<StreamValue>& innovations, const env::Observation& observation,
      std::span<const float> action, double reward, const env::Info& info, Trace* trace);
  absl::StatusOr<std::optional<theory::MonitorReport>> EndEpisode(Trace* trace);
  // After an alarm: armed anew, with new learning frames.
  void Rearm();
  // The agent is to start from nothing: not watched until it rests again.
  void Disarm();
  int armed_at() const { return armed_at_; }
  int fed() const { return fed_; }  // rows that the monitor has seen

 private:
  Watching(const MonitorSettings& settings, Streams streams, theory::MultiStreamMonitor monitor)
      : settings_(settings), streams_(std::move(streams)), monitor_(std::move(monitor)) {}
  absl::StatusOr<std::optional<theory::MonitorReport>> Feed(const std::vector<StreamValue>& values,
                                                            Trace* trace);

  MonitorSettings settings_;
  Streams streams_;
  theory::MultiStreamMonitor monitor_;
  bool armed_ = false;
  int quiet_steps_ = 0;  // in a row without a move
  int unwatched_ = 0;    // rows still to be let pass
  int armed_at_ = -1, fed_ = 0;
};

}  // namespace ronchi
