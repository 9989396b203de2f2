#include "hw/record/replayed.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hw/instrument/command_json.h"

namespace ronchi::hw {
namespace {

std::string Text(const Command& c) {
  return ToJson(c).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// For people: what a recipe that is not the recorded one asks differently.
std::string InBrief(const Command& c) {
  if (const auto* read = std::get_if<Read>(&c)) {
    return absl::StrCat("read ", absl::StrJoin(read->properties, ", "));
  }
  if (const auto* set = std::get_if<Set>(&c)) {
    return absl::StrCat("set ", set->property, set->relative ? " by " : " to ", Format(set->value));
  }
  return VerbName(c);
}

// Where two texts part, with what surrounds it.
std::string Difference(const std::string& logged, const std::string& asked) {
  size_t i = 0;
  while (i < logged.size() && i < asked.size() && logged[i] == asked[i]) ++i;
  const size_t start = i > 20 ? i - 20 : 0;
  return absl::StrCat("the log has …", logged.substr(start, 60), "…, asked was …",
                      asked.substr(start, 60), "…");
}

class Replayed final : public Instrument {
 public:
  Replayed(Description description, std::string name, std::vector<LoggedEvent> events)
      : description_(std::move(description)), name_(std::move(name)) {
    for (LoggedEvent& event : events) {
      if (event.instrument == name_) events_.push_back(std::move(event));
    }
  }
  const Description& description() const override { return description_; }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    if (next_ == events_.size()) {
      if (Blanks(command)) return Blanked();
      return MakeError({ErrorKind::kOutOfLimits,
                        absl::StrCat("replay of ", name_, ": the log ends after ", events_.size(),
                                     " commands, before this ", VerbName(command)),
                        "stop here"});
    }
    const LoggedEvent& event = events_[next_];
    const std::string logged = Text(event.command), asked = Text(command);
    if (logged != asked) {
      if (Blanks(command)) return Blanked();
      const std::string was = InBrief(event.command), is = InBrief(command);
      return MakeError(
          {ErrorKind::kHardware,
           absl::StrCat("replay of ", name_, ": event ", event.event, ": ",
                        was == is ? Difference(logged, asked)
                                  : absl::StrCat("the log has '", was, "', asked was '", is, "'")),
           "a replay answers what was recorded, in its order: the same recipe, policy "
           "and seed",
           Effect::kNone});
    }
    ++next_;
    if (event.reply.ok()) time_s_ = event.reply->time_s;
    if (event.reply.ok() && options.on_line)
      Stream(std::get_if<Scan>(&command), *event.reply, options);
    return event.reply;
  }

  // A guard around it blanks on every doubt and at its end, whatever the log has there.
  static bool Blanks(const Command& command) {
    return std::holds_alternative<Blank>(command) || std::holds_alternative<Safe>(command);
  }
  Reply Blanked() const { return {.time_s = time_s_}; }

  static void Stream(const Scan* scan, const Reply& reply, const ExecuteOptions& options) {
    if (!scan || scan->detectors.empty()) return;
    const size_t detectors = scan->detectors.size();
    for (size_t f = 0; f * detectors < reply.frames.size(); ++f) {
      const size_t lines = reply.frames[f * detectors].counts.shape().at(0);
      for (size_t l = 0; l < lines; ++l) {
        for (size_t d = 0; d < detectors && f * detectors + d < reply.frames.size(); ++d) {
          const Array<float>& counts = reply.frames[f * detectors + d].counts;
          const size_t size = counts.size() / lines;
          options.on_line({f, l, d, reply.time_s, {counts.data() + l * size, size}});
        }
      }
    }
  }

  const Description description_;
  const std::string name_;
  std::vector<LoggedEvent> events_;
  size_t next_ = 0;
  double time_s_ = 0;  // of the last reply
};

}  // namespace

std::unique_ptr<Instrument> MakeReplayed(Description description, std::string instrument,
                                         std::vector<LoggedEvent> events) {
  return std::make_unique<Replayed>(std::move(description), std::move(instrument),
                                    std::move(events));
}

absl::StatusOr<std::unique_ptr<Instrument>> OpenReplayed(const std::string& folder,
                                                         const std::string& instrument) {
  RONCHI_ASSIGN_OR_RETURN(EventLogContents log, ReadRecording(folder));
  const auto it = log.descriptions.find(instrument);
  if (it == log.descriptions.end()) {
    std::string known;
    for (const auto& [name, d] : log.descriptions) absl::StrAppend(&known, " ", name);
    return absl::NotFoundError(
        absl::StrCat(folder, ": no instrument '", instrument, "'; the log has:", known));
  }
  return MakeReplayed(it->second, instrument, std::move(log.events));
}

}  // namespace ronchi::hw
