#include "experiments/flow/flow_control.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "experiments/flow/flow_host.h"
#include "hw/workflow/journal.h"

namespace ronchi {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Clock = std::chrono::steady_clock;
constexpr auto kLookAgain = std::chrono::milliseconds(20);  // below what a person notices

std::string JournalPath(const std::string& folder) { return folder + "/journal.jsonl"; }
std::string ControlPath(const std::string& folder) { return folder + "/control"; }

// Whether a process holds the journal. The run asks for an exclusive lock and tries for a moment,
// so that this look does not keep it from beginning.
bool SomebodyRuns(const std::string& folder) {
  const int fd = open(JournalPath(folder).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool free = flock(fd, LOCK_SH | LOCK_NB) == 0;
  close(fd);
  return !free;
}

json ToJson(const ControlWord& c) {
  return {{"word", c.word}, {"text", c.text}, {"who", c.who}, {"id", c.id}, {"sitting", c.sitting}};
}

// Whatever stands in the file: a word, or nothing that is one.
std::optional<ControlWord> ReadControl(const std::string& folder) {
  const auto text = ReadFile(ControlPath(folder), kConfigFile);
  if (!text.ok()) return std::nullopt;
  const json j = json::parse(*text, nullptr, false);
  try {
    return ControlWord{j.at("word"), j.at("text"), j.at("who"), j.at("id"), j.at("sitting")};
  } catch (const json::exception&) {
    return ControlWord{.word = "?", .who = "somebody"};
  }
}

void Take(const json& e, FlowState* s) {
  const std::string type = e.value("type", ""), what = e.value("what", "");
  if (type == "sitting") {
    *s = {.title = s->title,
          .instrument = s->instrument,
          .sitting = e.value("number", 0),
          .pid = e.value("pid", 0),
          .commands = s->commands,
          .time_s = s->time_s,
          .electrons = s->electrons};
  } else if (type == "start") {
    s->title = e.value("workflow", "");
    s->instrument = e.value("instrument", "");
  } else if (type == "asking") {
    s->question = e;
  } else if (type == "answered") {
    s->question = {};
  } else if (type == "note" && (what == "pause" || what == "resume")) {
    s->by = what == "pause" ? e.value("detail", "") : "";
    s->kind = what == "pause" ? FlowState::Kind::kPaused : FlowState::Kind::kRunning;
  } else if (type == "finish" || (type == "note" && what == "ended")) {
    s->kind = type == "finish" ? FlowState::Kind::kEnded : FlowState::Kind::kStopped;
    s->ended_by = e.value(type == "finish" ? "ended_by" : "detail", "");
  }
  if (e.contains("step")) s->step = e.value("step", "");
  s->time_s += e.value("elapsed_s", 0.0);
  s->electrons += e.value("electrons", 0.0) * (type == "finish" ? 0 : 1);
  const bool command = type == "command" || type == "aside" || type == "lost" || type == "failed";
  s->commands += command ? e.value("commands", 1.0) : 0;
}

absl::Status NobodyRuns(const std::string& folder, const FlowState& s, const std::string& word) {
  return absl::FailedPreconditionError(absl::StrCat(folder, ": ", DescribeFlowState(s, folder),
                                                    "; there is nothing to ",
                                                    word == "answer" ? "answer" : word));
}

// Whether the word makes sense now; `done` when nothing is left to do.
absl::Status MakesSense(const std::string& folder, const FlowState& s, const ControlWord& c,
                        std::string* done) {
  const bool paused = s.kind == FlowState::Kind::kPaused;
  if (c.word == "pause" && paused) *done = absl::StrCat("it is paused already, ", s.by);
  // Asking hides that somebody has paused it meanwhile: then the word takes that back.
  if (c.word == "resume" && !paused && s.kind != FlowState::Kind::kAsking) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, ": it is not paused (", DescribeFlowState(s, folder), ")"));
  }
  if (c.word != "answer") return absl::OkStatus();
  if (s.question.is_null()) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, ": it asks nothing now (", DescribeFlowState(s, folder), ")"));
  }
  const hw::workflow::Question q = QuestionFromJson(s.question);
  hw::workflow::Answer answer;
  if (ParseAnswer(q, c.text, &answer)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", c.text, "' is no answer to '", q.text, "'; allowed: ", AnswersAllowed(q)));
}

// The file appears whole, and never in place of another's word. False: somebody's is there.
absl::StatusOr<bool> Put(const std::string& folder, const ControlWord& word) {
  const std::string mine = absl::StrCat(ControlPath(folder), ".", word.id);
  RONCHI_RETURN_IF_ERROR(WriteFileAtomically(mine, ToJson(word).dump() + "\n"));
  const bool put = link(mine.c_str(), ControlPath(folder).c_str()) == 0;
  const int error = errno;
  unlink(mine.c_str());
  if (put) return true;
  return error == EEXIST ? absl::StatusOr<bool>(false) : ErrnoStatus(error, ControlPath(folder));
}

// False: it is not there any more, the run has it.
bool TakeBack(const std::string& folder, const ControlWord& word) {
  const auto there = ReadControl(folder);
  return there && there->id == word.id && unlink(ControlPath(folder).c_str()) == 0;
}

std::string WhatComesOfIt(const std::string& word, FlowState::Kind state) {
  if (state == FlowState::Kind::kAsking && (word == "pause" || word == "skip")) {
    return "taken: as soon as its question is answered";
  }
  if (word == "pause") return "taken: it is paused, the beam is blanked";
  if (word == "resume") return "taken: it goes on";
  if (word == "skip") return "taken: it leaves out the next step";
  if (word == "stop") return "taken: it ends in order; run --resume goes on with it";
  return "taken: it has the answer";
}

// Looks through what the journal has got since `offset` for the run's word that it has taken this
// one: nothing yet, or why it could not be obeyed ("" when it was).
std::optional<std::string> WasTaken(const std::string& folder, size_t* offset,
                                    const std::string& id) {
  const auto entries = hw::workflow::ReadJournalFrom(folder, offset);
  if (!entries.ok()) return std::nullopt;
  for (const json& e : *entries) {
    if (e.value("type", "") == "told" && e.value("id", "") == id) return e.value("refused", "");
  }
  return std::nullopt;
}

// Why nobody waits any longer; OK: somebody does.
absl::Status Impatience(const std::string& folder, bool put, double waited_s, double patience_s) {
  if (!SomebodyRuns(folder)) {
    const auto now = ReadFlowState(folder);
    return absl::FailedPreconditionError(
        absl::StrCat("not taken: ", now.ok() ? DescribeFlowState(*now, folder) : "it is gone"));
  }
  if (Interrupted()) return absl::CancelledError("interrupted before it was taken; taken back");
  if (waited_s <= patience_s) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrFormat("not taken within %g s, and taken back: %s; --wait waits longer", patience_s,
                      put ? "a command runs for so long" : "another word waits to be taken"));
}

}  // namespace

std::optional<ControlWord> TakeControl(const std::string& folder, int sitting,
                                       const std::function<void(const std::string&)>& on_stale) {
  if (access(ControlPath(folder).c_str(), F_OK) != 0) return std::nullopt;
  std::optional<ControlWord> word = ReadControl(folder);
  unlink(ControlPath(folder).c_str());
  if (word && word->sitting == sitting) return word;
  if (word && on_stale) {
    on_stale(absl::StrCat("'", word->word, "' by ", word->who, " was for a run before this one"));
  }
  return std::nullopt;
}

std::string_view FlowStateName(FlowState::Kind kind) {
  switch (kind) {
    case FlowState::Kind::kRunning:
      return "running";
    case FlowState::Kind::kPaused:
      return "paused";
    case FlowState::Kind::kAsking:
      return "asking";
    case FlowState::Kind::kEnded:
      return "ended";
    case FlowState::Kind::kStopped:
      break;
  }
  return "stopped";
}

absl::StatusOr<FlowState> ReadFlowState(const std::string& folder) {
  std::error_code ec;
  if (!fs::is_regular_file(JournalPath(folder), ec)) {
    return absl::NotFoundError(folder + ": no run of a workflow there");
  }
  // First the lock: an end that comes between the two is seen as an end.
  const bool alive = SomebodyRuns(folder);
  RONCHI_ASSIGN_OR_RETURN(const std::vector<json> entries, hw::workflow::ReadJournal(folder));
  FlowState s;
  for (const json& e : entries) Take(e, &s);
  struct stat info;
  const double now_s =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (stat(JournalPath(folder).c_str(), &info) == 0) {
    const double last_s = double(info.st_mtim.tv_sec) + 1e-9 * double(info.st_mtim.tv_nsec);
    s.quiet_s = std::max(0.0, now_s - last_s);
  }
  if (!s.question.is_null()) {
    s.question_left_s = std::max(
        0.0, s.question.value("at_unix_s", now_s) + s.question.value("timeout_s", 0.0) - now_s);
  }
  const bool over = s.kind == FlowState::Kind::kEnded || s.kind == FlowState::Kind::kStopped;
  if (!alive && !over) s.kind = FlowState::Kind::kStopped;
  if (!alive) s.question = {};
  if (!s.question.is_null()) s.kind = FlowState::Kind::kAsking;
  return s;
}

std::string DescribeFlowState(const FlowState& s, const std::string& folder) {
  switch (s.kind) {
    case FlowState::Kind::kRunning:
      return absl::StrFormat("running (process %d), at %s", s.pid,
                             s.step.empty() ? "the start" : s.step);
    case FlowState::Kind::kPaused:
      return absl::StrFormat("paused %s (process %d), the beam blanked", s.by, s.pid);
    case FlowState::Kind::kAsking:
      return absl::StrCat("asking: ", s.question.value("text", ""));
    case FlowState::Kind::kEnded:
      return absl::StrCat("has ended (", s.ended_by, ")");
    case FlowState::Kind::kStopped:
      break;
  }
  return absl::StrCat(s.ended_by.empty() ? "its process is gone and did not end it in order"
                                         : absl::StrCat("has stopped (", s.ended_by, ")"),
                      "; 'ronchi run ", folder, " --resume' goes on with it");
}

absl::StatusOr<std::string> TellFlow(const std::string& folder, const std::string& word,
                                     const std::string& text, double patience_s) {
  RONCHI_ASSIGN_OR_RETURN(const FlowState state, ReadFlowState(folder));
  if (!SomebodyRuns(folder)) return NobodyRuns(folder, state, word);
  const auto begin = Clock::now();
  const ControlWord mine{word, text, UserName(),
                         absl::StrCat(getpid(), "-", begin.time_since_epoch().count()),
                         state.sitting};
  std::string done;
  RONCHI_RETURN_IF_ERROR(MakesSense(folder, state, mine, &done));
  if (!done.empty()) return done;
  size_t offset = size_t(fs::file_size(JournalPath(folder)));
  bool put = false;
  absl::Status impatience;
  std::optional<std::string> taken;
  while (!taken && impatience.ok()) {
    if (!put) {
      RONCHI_ASSIGN_OR_RETURN(put, Put(folder, mine));
    }
    std::this_thread::sleep_for(kLookAgain);
    const double waited_s = std::chrono::duration<double>(Clock::now() - begin).count();
    impatience = Impatience(folder, put, waited_s, patience_s);
    if (!impatience.ok() && put && !TakeBack(folder, mine)) {
      // It has been taken this moment: the entry follows at once.
      std::this_thread::sleep_for(5 * kLookAgain);
    }
    taken = WasTaken(folder, &offset, mine.id);
  }
  if (!taken) return Annotate(impatience, folder);
  if (!taken->empty()) return absl::FailedPreconditionError(absl::StrCat(folder, ": ", *taken));
  return WhatComesOfIt(word, state.kind);
}

}  // namespace ronchi
