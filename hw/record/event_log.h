// An append-only record of everything said to an instrument and by it. A folder with
//   events.jsonl     one JSON line an event, each with the checksum of its bytes ("sum"): what was
//                    asked, what was answered; descriptions, notes, raw bytes of a wire
//   frames.f32       the pixels of frames one after the other (float32, little-endian); the line
//                    holds their checksum ("frames_sum")
//   host_clock.tsv   only if asked for: event, the host's UTC and monotonic clock, ns
// The instrument's own clock alone is in the first two, so that the same run gives the same bytes.
// A killed process loses at most the line in work. The disk is not waited for (Sync does).
// Threads: any may append.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hw/instrument/instrument.h"
#include "hw/record/append_file.h"

namespace ronchi::hw {

struct EventLogOptions {
  bool host_clock = false;
};

class EventLog {
 public:
  // AlreadyExists: there is a log already; nothing is ever overwritten.
  static absl::StatusOr<std::shared_ptr<EventLog>> Create(const std::string& folder,
                                                          const EventLogOptions& options = {});

  // `instrument` tells several instruments in one run apart.
  absl::Status Append(const std::string& instrument, const Command& command,
                      const absl::StatusOr<Reply>& reply);
  // Once an instrument, before its first command; later calls do nothing.
  absl::Status Describe(const std::string& instrument, const Description& description);
  // A remark of the run: {"note": what, …}, for alarms, pauses, decisions. One that cannot be
  // written (a full disk is what it is about) is kept and stands before the next line that can.
  absl::Status Note(const std::string& what, const std::string& detail);
  // Time that somebody let pass on a simulation's clock, beside all commands.
  absl::Status Passed(const std::string& instrument, double seconds);
  // What went over an instrument's wire, as it is.
  absl::Status Raw(const std::string& instrument, bool sent, std::string_view bytes);
  absl::Status Sync();  // onto the disk
  size_t events() const;
  size_t exposures() const;  // commands among them that put electrons on a specimen

 private:
  EventLog() = default;
  // Not had where the thread that a fault struck has it: what made the instrument safe is written
  // all the same, in an append of its own.
  std::unique_lock<std::timed_mutex> Lock() const;
  absl::Status AppendLine(std::string json_text);  // mutex_ held, as below
  absl::Status WriteNotes();                       // those that are still to be written
  mutable std::timed_mutex mutex_;
  std::unique_ptr<AppendFile> events_file_, frames_file_, clock_file_;
  std::set<std::string> described_;
  std::deque<std::pair<std::string, std::string>> notes_;  // what, detail
  size_t events_ = 0, exposures_ = 0;
};

// One line of a log, read back.
struct LoggedEvent {
  std::string instrument;
  Command command;
  absl::StatusOr<Reply> reply = Reply{};
  size_t event = 0;              // its number in the log
  std::vector<double> passed_s;  // Passed before it, one after the other
};

struct EventLogContents {
  std::vector<LoggedEvent> events;  // notes and raw bytes are left out
  std::map<std::string, Description> descriptions;
  std::string torn;  // empty, or what is cut off at the end, in a line
  std::map<std::string, std::vector<double>> passed_s;  // by instrument, after its last command
};
// A torn last line, as a killed process leaves it, is passed over and told. InvalidArgument: file,
// line and what else is wrong.
absl::StatusOr<EventLogContents> ReadRecording(const std::string& folder);
// The commands and replies of a whole log: a torn last line is an error too.
absl::StatusOr<std::vector<LoggedEvent>> ReadEventLog(const std::string& folder);

}  // namespace ronchi::hw
