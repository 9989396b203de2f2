#include "hw/recorded.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files.h"
#include "hw/command_json.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

absl::Status WriteAll(int fd, const char* bytes, size_t count, const char* name) {
  while (count > 0) {
    const ssize_t n = write(fd, bytes, count);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, name);
    bytes += n;
    count -= size_t(n);
  }
  return absl::OkStatus();
}

// Bytes that are not UTF-8 (an instrument's message in another code page) become U+FFFD.
std::string Line(const json& j) {
  return j.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

// Where nothing may be overwritten.
absl::StatusOr<int> OpenNew(const std::string& path) {
  const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (fd >= 0) return fd;
  if (errno == EEXIST) return absl::AlreadyExistsError(path + ": there is a log already");
  return ErrnoStatus(errno, path);
}

class Recorded final : public Instrument {
 public:
  Recorded(std::unique_ptr<Instrument> inner, std::string name, std::shared_ptr<EventLog> log)
      : inner_(std::move(inner)), name_(std::move(name)), log_(std::move(log)) {}
  const Description& description() const override { return inner_->description(); }
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    absl::StatusOr<Reply> reply = inner_->Execute(command, options);
    if (absl::Status s = log_->Append(name_, command, reply); !s.ok()) {
      // Not bad input by now: the command was carried out, and only its record is missing.
      return absl::DataLossError(absl::StrCat("the event log: ", std::string(s.message())));
    }
    return reply;
  }

 private:
  std::unique_ptr<Instrument> inner_;
  const std::string name_;
  std::shared_ptr<EventLog> log_;
};

// Fills the frames' pixels; `offset` counts floats from the file's start.
absl::Status FillFrames(const std::string& pixels, size_t offset, Reply* reply) {
  for (Frame& frame : reply->frames) {
    const size_t bytes = frame.counts.size() * sizeof(float);
    const size_t start = std::min(offset, pixels.size()) * sizeof(float);  // cannot overflow
    if (start > pixels.size() || bytes > pixels.size() - start) {
      return absl::InvalidArgumentError("frames.f32 ends before this event's frames");
    }
    std::memcpy(frame.counts.data(), pixels.data() + start, bytes);
    offset += frame.counts.size();
  }
  return absl::OkStatus();
}

absl::StatusOr<LoggedEvent> ParseEvent(const json& j, const std::string& pixels) {
  LoggedEvent event;
  event.instrument = j.at("instrument");
  RONCHI_ASSIGN_OR_RETURN(event.command, CommandFromJson(j.at("command")));
  if (j.contains("error")) {
    absl::Status error;
    RONCHI_RETURN_IF_ERROR(StatusFromJson(j, &error));
    event.reply = error;
    return event;
  }
  RONCHI_ASSIGN_OR_RETURN(Reply reply, ReplyFromJson(j.at("reply")));
  RONCHI_RETURN_IF_ERROR(FillFrames(pixels, j.value("frame_offset", size_t{0}), &reply));
  event.reply = std::move(reply);
  return event;
}

}  // namespace

absl::StatusOr<std::shared_ptr<EventLog>> EventLog::Create(const std::string& folder) {
  std::shared_ptr<EventLog> log(new EventLog);
  RONCHI_ASSIGN_OR_RETURN(log->events_fd_, OpenNew(folder + "/events.jsonl"));
  RONCHI_ASSIGN_OR_RETURN(log->frames_fd_, OpenNew(folder + "/frames.f32"));
  return log;
}

EventLog::~EventLog() {
  if (events_fd_ >= 0) close(events_fd_);
  if (frames_fd_ >= 0) close(frames_fd_);
}

absl::Status EventLog::AppendLine(const std::string& line) {
  RONCHI_RETURN_IF_ERROR(WriteAll(events_fd_, line.data(), line.size(), "events.jsonl"));
  ++events_;
  return absl::OkStatus();
}

absl::Status EventLog::Append(const std::string& instrument, const Command& command,
                              const absl::StatusOr<Reply>& reply) {
  json j = {{"event", events_}, {"instrument", instrument}, {"command", ToJson(command)}};
  if (reply.ok()) {
    j["reply"] = ToJson(*reply);
    if (!reply->frames.empty()) j["frame_offset"] = frame_offset_;
    for (const Frame& f : reply->frames) {  // pixels first: a line in the log has its frames
      RONCHI_RETURN_IF_ERROR(WriteAll(frames_fd_, reinterpret_cast<const char*>(f.counts.data()),
                                      f.counts.size() * sizeof(float), "frames.f32"));
      frame_offset_ += f.counts.size();
    }
  } else {
    j.update(ToJson(reply.status()));
  }
  return AppendLine(Line(j));
}

absl::Status EventLog::Note(const std::string& what, const std::string& detail) {
  return AppendLine(Line({{"event", events_}, {"note", what}, {"detail", detail}}));
}

std::unique_ptr<Instrument> MakeRecorded(std::unique_ptr<Instrument> inner, std::string name,
                                         std::shared_ptr<EventLog> log) {
  return std::make_unique<Recorded>(std::move(inner), std::move(name), std::move(log));
}

absl::StatusOr<std::vector<LoggedEvent>> ReadEventLog(const std::string& folder) {
  const std::string path = folder + "/events.jsonl";
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  RONCHI_ASSIGN_OR_RETURN(const std::string pixels, ReadFile(folder + "/frames.f32"));
  std::vector<LoggedEvent> events;
  int line_number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    ++line_number;
    const auto where = absl::StrCat(path, ":", line_number);
    try {
      const json j = json::parse(line.begin(), line.end());
      if (j.contains("note")) continue;
      absl::StatusOr<LoggedEvent> event = ParseEvent(j, pixels);
      if (!event.ok()) return Annotate(event.status(), where);
      events.push_back(std::move(*event));
    } catch (const json::exception& e) {
      return absl::InvalidArgumentError(absl::StrCat(where, ": not an event: ", e.what()));
    }
  }
  return events;
}

}  // namespace ronchi::hw
