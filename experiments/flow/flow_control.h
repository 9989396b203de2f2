// A workflow's run and those who steer it from another terminal. `ronchi flow` puts one word at a
// time into the run folder's `control` file; the run takes it between two commands, or while it
// waits for a person, and writes into its journal that it has. Whether a process runs the workflow
// is seen by the lock of its journal, where it stands by the journal's entries.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "core/status.h"
#include "hw/workflow/host.h"

namespace ronchi {

struct ControlWord {
  std::string word;  // pause, resume, skip, stop, answer
  std::string text;  // of an answer
  std::string who, id;
  int sitting = 0;  // of the run that it is for: another sitting throws it away
};

// On the run's side: takes the word away, if there is one for this sitting. What was left over from
// an earlier one is removed and given to `on_stale`.
std::optional<ControlWord> TakeControl(const std::string& folder, int sitting,
                                       const std::function<void(const std::string&)>& on_stale);

// Where a run stands, from its journal.
struct FlowState {
  enum class Kind {
    kRunning,
    kPaused,
    kAsking,
    kEnded,   // for good: another folder for another run
    kStopped  // no process runs it; `run --resume` goes on with it
  } kind = Kind::kRunning;
  std::string title, instrument;
  int sitting = 0, pid = 0;
  std::string by;        // who has paused it
  std::string ended_by;  // why it ended or stopped; "" when its process was killed
  std::string step;      // of the command begun or done last
  double commands = 0, time_s = 0, electrons = 0;
  nlohmann::json question;     // asked now: name, text, kind, between [low, high], timeout_s
  double question_left_s = 0;  // until silence is its answer, by this host's clock
  double quiet_s = 0;          // since the journal's last entry, by the clock of the disk
};
std::string_view FlowStateName(FlowState::Kind kind);
// NotFound: no run of a workflow there. InvalidArgument: its journal is damaged.
absl::StatusOr<FlowState> ReadFlowState(const std::string& folder);
// "running: …" in one line for people.
std::string DescribeFlowState(const FlowState& state, const std::string& folder);

// Gives the run one of these words and waits, at most `patience_s` on the host's clock, until it
// has taken it: what came of it, in a line. FailedPrecondition: nobody runs it, or the word makes
// no sense now. InvalidArgument: no answer to its question. DeadlineExceeded: not taken in time;
// the word has been taken back. Cancelled: Ctrl-C; likewise. After any error nothing is left
// behind.
absl::StatusOr<std::string> TellFlow(const std::string& folder, const std::string& word,
                                     const std::string& text, double patience_s);

}  // namespace ronchi
