#include "hw/record/event_log.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "core/deadly_signals.h"
#include "core/files.h"
#include "core/hash.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/description_json.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

// That are kept while they cannot be written; the oldest go first.
constexpr size_t kMostNotes = 100;

std::string_view Bytes(const Frame& f) {
  return {reinterpret_cast<const char*>(f.counts.data()), f.counts.size() * sizeof(float)};
}

template <class Clock>
int64_t Now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
      .count();
}

}  // namespace

absl::StatusOr<std::shared_ptr<EventLog>> EventLog::Create(const std::string& folder,
                                                           const EventLogOptions& options) {
  std::shared_ptr<EventLog> log(new EventLog);
  RONCHI_ASSIGN_OR_RETURN(log->events_file_, AppendFile::CreateNew(folder + "/events.jsonl"));
  RONCHI_ASSIGN_OR_RETURN(log->frames_file_, AppendFile::CreateNew(folder + "/frames.f32"));
  if (!options.host_clock) return log;
  RONCHI_ASSIGN_OR_RETURN(log->clock_file_, AppendFile::CreateNew(folder + "/host_clock.tsv"));
  return log;
}

std::unique_lock<std::timed_mutex> EventLog::Lock() const {
  if (!IsEndedByFault()) return std::unique_lock(mutex_);
  return std::unique_lock(mutex_, std::chrono::milliseconds(200));
}

size_t EventLog::exposures() const {
  const auto lock = Lock();
  return exposures_;
}

size_t EventLog::events() const {
  const auto lock = Lock();
  return events_;
}

absl::Status EventLog::AppendLine(std::string text) {
  const std::string sum = HashOf(text).LowHex();
  text.pop_back();  // "}"
  absl::StrAppend(&text, ",\"sum\":\"", sum, "\"}\n");
  RONCHI_RETURN_IF_ERROR(events_file_->Append(text));
  const size_t event = events_++;
  if (!clock_file_) return absl::OkStatus();
  return clock_file_->Append(absl::StrCat(event, "\t", Now_ns<std::chrono::system_clock>(), "\t",
                                          Now_ns<std::chrono::steady_clock>(), "\n"));
}

namespace {
// Bytes that are not UTF-8 (an instrument's message in another code page) become U+FFFD.
std::string Text(const json& j) { return j.dump(-1, ' ', false, json::error_handler_t::replace); }
}  // namespace

absl::Status EventLog::WriteNotes() {
  for (; !notes_.empty(); notes_.pop_front()) {
    const auto& [what, detail] = notes_.front();
    RONCHI_RETURN_IF_ERROR(
        AppendLine(Text({{"event", events_}, {"note", what}, {"detail", detail}})));
  }
  return absl::OkStatus();
}

absl::Status EventLog::Append(const std::string& instrument, const Command& command,
                              const absl::StatusOr<Reply>& reply) {
  const auto lock = Lock();
  RONCHI_RETURN_IF_ERROR(WriteNotes());
  json j;
  j["event"] = events_;
  j["instrument"] = instrument;
  j["command"] = ToJson(command);
  exposures_ += Exposes(command);
  if (!reply.ok()) {
    j.update(ToJson(reply.status()));
    return AppendLine(Text(j));
  }
  j["reply"] = ToJson(*reply);
  if (!reply->frames.empty()) {
    j["frame_offset"] = frames_file_->size() / sizeof(float);
    std::string sums;
    for (const Frame& f : reply->frames) {  // pixels first: a line in the log has its frames
      RONCHI_RETURN_IF_ERROR(frames_file_->Append(Bytes(f)));
      sums += HashOf(Bytes(f)).LowHex();
    }
    j["frames_sum"] = HashOf(sums).LowHex();
  }
  return AppendLine(Text(j));
}

absl::Status EventLog::Describe(const std::string& instrument, const Description& description) {
  const auto lock = Lock();
  RONCHI_RETURN_IF_ERROR(WriteNotes());
  if (!described_.insert(instrument).second) return absl::OkStatus();
  return AppendLine(
      Text({{"event", events_}, {"instrument", instrument}, {"description", ToJson(description)}}));
}

absl::Status EventLog::Note(const std::string& what, const std::string& detail) {
  const auto lock = Lock();
  notes_.emplace_back(what, detail);
  if (notes_.size() > kMostNotes) notes_.pop_front();
  return WriteNotes();
}

absl::Status EventLog::Passed(const std::string& instrument, double seconds) {
  const auto lock = Lock();
  RONCHI_RETURN_IF_ERROR(WriteNotes());
  return AppendLine(Text({{"event", events_}, {"instrument", instrument}, {"passed_s", seconds}}));
}

absl::Status EventLog::Raw(const std::string& instrument, bool sent, std::string_view bytes) {
  const auto lock = Lock();
  RONCHI_RETURN_IF_ERROR(WriteNotes());
  return AppendLine(Text({{"event", events_},
                          {"instrument", instrument},
                          {"raw", sent ? "sent" : "received"},
                          {"base64", Base64(bytes)}}));
}

absl::Status EventLog::Sync() {
  const auto lock = Lock();
  RONCHI_RETURN_IF_ERROR(WriteNotes());
  RONCHI_RETURN_IF_ERROR(frames_file_->Sync());
  return events_file_->Sync();
}

}  // namespace ronchi::hw
