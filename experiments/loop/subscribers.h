// Who listens to a run (experiments/loop/events.h): its event log, its trace, the terminal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/progress.h"
#include "experiments/loop/events.h"
#include "experiments/loop/trace.h"
#include "hw/record/event_log.h"

namespace ronchi {

// What moved an alarm, and what was found of it.
struct Alarm {
  int image = 0;            // row of the trace
  std::string stream;       // whose evidence was largest
  std::string attribution;  // what moved, by theory's new estimate; or "none of these"; "" where
                            // nobody has estimated
  std::vector<double> moved_nm;  // re-estimated change of C10, C12a, C12b; or empty
};

// Notes of the run into its event log: alarms, estimates, decisions, notes.
EventBus::Subscriber NotesOf(std::shared_ptr<hw::EventLog> log);

// One stage as data.hdf5 and the report have it. Columns: trace_rows.h.
class StageRecord {
 public:
  absl::Status Take(const Event& event);
  const Trace& trace() const { return trace_; }
  const std::vector<Alarm>& alarms() const { return alarms_; }
  int probing_images() const { return probing_images_; }
  // Takes them away.
  Trace TakeTrace() { return std::move(trace_); }
  std::vector<Alarm> TakeAlarms() { return std::move(alarms_); }

 private:
  void Begin(const events::Observation& shown);
  Trace trace_;
  std::vector<Alarm> alarms_;
  std::vector<float> action_;  // since the last observation; none: an episode begins
  double reward_ = 0;
  int probing_images_ = 0;
};

// A bar, or a line every tenth, with the task's contrast or reward behind it.
class TerminalProgress {
 public:
  absl::Status Take(const Event& event);

 private:
  std::string stage_;
  int steps_ = 0;
  double reward_ = 0;
  std::string note_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace ronchi
