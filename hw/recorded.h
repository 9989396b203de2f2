// An append-only record of everything said to an instrument and by it: one JSON line an event, the
// pixels of frames one after the other (float32, little-endian) in a file beside it. Only the
// instrument's own clock is written, so that the same run gives the same bytes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hw/instrument.h"

namespace ronchi::hw {

// Both ends of a log: <folder>/events.jsonl and <folder>/frames.f32.
class EventLog {
 public:
  // AlreadyExists: there is a log already; nothing is ever overwritten.
  static absl::StatusOr<std::shared_ptr<EventLog>> Create(const std::string& folder);
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // `instrument` tells several instruments in one run apart.
  absl::Status Append(const std::string& instrument, const Command& command,
                      const absl::StatusOr<Reply>& reply);
  // A remark of the run: {"note": what, …}, for alarms, pauses, decisions.
  absl::Status Note(const std::string& what, const std::string& detail);
  size_t events() const { return events_; }

 private:
  EventLog() = default;
  absl::Status AppendLine(const std::string& line);
  int events_fd_ = -1, frames_fd_ = -1;
  size_t events_ = 0, frame_offset_ = 0;
};

// Records what passes through. A command that could not be recorded is an error (and Guarded, if
// outside, blanks): no unrecorded operation.
std::unique_ptr<Instrument> MakeRecorded(std::unique_ptr<Instrument> inner, std::string name,
                                         std::shared_ptr<EventLog> log);

// One line of a log, read back.
struct LoggedEvent {
  std::string instrument;
  Command command;
  absl::StatusOr<Reply> reply = Reply{};
};
// Notes are left out. InvalidArgument: file, line and what is wrong.
absl::StatusOr<std::vector<LoggedEvent>> ReadEventLog(const std::string& folder);

}  // namespace ronchi::hw
