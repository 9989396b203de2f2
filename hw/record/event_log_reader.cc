#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_error.h"
#include "core/nesting.h"
#include "hw/instrument/command_json.h"
#include "hw/instrument/description_json.h"
#include "hw/record/event_log.h"

namespace ronchi::hw {
namespace {

using nlohmann::json;

constexpr std::string_view kSumKey = ",\"sum\":\"";
constexpr size_t kTail = kSumKey.size() + 16 + 2;  // key, digits, "}

// Does the line end in the checksum of what was before it was put in?
bool SumIsRight(std::string_view line) {
  if (line.size() < kTail) return false;
  const std::string_view tail = line.substr(line.size() - kTail);
  const std::string text = std::string(line.substr(0, line.size() - kTail)) + "}";
  return tail.substr(0, kSumKey.size()) == kSumKey &&
         tail.substr(kSumKey.size(), 16) == HashOf(text).LowHex();
}

// Fills the frames' pixels; `offset` counts floats from the file's start.
absl::Status FillFrames(const std::string& pixels, size_t offset, const std::string& sum,
                        Reply* reply) {
  std::string sums;
  for (Frame& frame : reply->frames) {
    const size_t bytes = frame.counts.size() * sizeof(float);
    const size_t start = std::min(offset, pixels.size()) * sizeof(float);  // cannot overflow
    if (start > pixels.size() || bytes > pixels.size() - start) {
      return absl::InvalidArgumentError("frames.f32 ends before this event's frames");
    }
    std::memcpy(frame.counts.data(), pixels.data() + start, bytes);
    sums += HashOf({pixels.data() + start, bytes}).LowHex();
    offset += frame.counts.size();
  }
  if (!reply->frames.empty() && HashOf(sums).LowHex() != sum) {
    return absl::InvalidArgumentError(
        "the frames' checksum is not their own: frames.f32 is damaged");
  }
  return absl::OkStatus();
}

absl::StatusOr<LoggedEvent> ParseEvent(const json& j, const std::string& pixels) {
  LoggedEvent event;
  event.event = j.at("event");
  event.instrument = j.at("instrument");
  RONCHI_ASSIGN_OR_RETURN(event.command, CommandFromJson(j.at("command")));
  if (j.contains("error")) {
    absl::Status error;
    RONCHI_RETURN_IF_ERROR(StatusFromJson(j, &error));
    event.reply = error;
    return event;
  }
  RONCHI_ASSIGN_OR_RETURN(Reply reply, ReplyFromJson(j.at("reply")));
  RONCHI_RETURN_IF_ERROR(
      FillFrames(pixels, j.value("frame_offset", size_t{0}), j.value("frames_sum", ""), &reply));
  event.reply = std::move(reply);
  return event;
}

absl::Status ParseLine(std::string_view line, const std::string& pixels, EventLogContents* log) {
  if (!SumIsRight(line)) {
    return absl::InvalidArgumentError("not an event: the checksum is not its own");
  }
  if (NestsTooDeeply(line)) return absl::InvalidArgumentError("not an event: nested too deeply");
  try {
    const json j = json::parse(line.begin(), line.end());
    if (j.contains("note") || j.contains("raw")) return absl::OkStatus();
    if (j.contains("description")) {
      RONCHI_ASSIGN_OR_RETURN(log->descriptions[j.at("instrument").get<std::string>()],
                              DescriptionFromJson(j.at("description")));
      return absl::OkStatus();
    }
    if (j.contains("passed_s")) {
      log->passed_s[j.at("instrument").get<std::string>()].push_back(j.at("passed_s"));
      return absl::OkStatus();
    }
    RONCHI_ASSIGN_OR_RETURN(LoggedEvent event, ParseEvent(j, pixels));
    event.passed_s = std::exchange(log->passed_s[event.instrument], {});
    log->events.push_back(std::move(event));
    return absl::OkStatus();
  } catch (const json::exception& e) {
    return absl::InvalidArgumentError(absl::StrCat("not an event: ", JsonError(e)));
  }
}

}  // namespace

absl::StatusOr<EventLogContents> ReadRecording(const std::string& folder) {
  const std::string path = folder + "/events.jsonl";
  RONCHI_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kLogFile));
  // Killed before the first line: the frames' file is made after this one, and may not be there.
  if (text.empty()) return EventLogContents{};
  RONCHI_ASSIGN_OR_RETURN(const std::string pixels, ReadFile(folder + "/frames.f32", kFramesFile));
  EventLogContents log;
  size_t at = 0;
  for (int number = 1; at < text.size(); ++number) {
    const size_t end = text.find('\n', at);
    const auto where = absl::StrCat(path, ":", number);
    if (end == std::string::npos) {
      log.torn = absl::StrCat(where, ": the last line is cut off after ", text.size() - at,
                              " bytes; the command in it may or may not have been carried out");
      break;
    }
    const std::string_view line = std::string_view(text).substr(at, end - at);
    RONCHI_RETURN_IF_ERROR(Annotate(ParseLine(line, pixels, &log), where));
    at = end + 1;
  }
  return log;
}

absl::StatusOr<std::vector<LoggedEvent>> ReadEventLog(const std::string& folder) {
  RONCHI_ASSIGN_OR_RETURN(EventLogContents log, ReadRecording(folder));
  if (!log.torn.empty()) return absl::InvalidArgumentError(log.torn);
  return std::move(log.events);
}

}  // namespace ronchi::hw
