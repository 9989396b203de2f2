#include "hw/drivers/merlin/merlin_control.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/printable.h"
#include "hw/instrument/error.h"
#include "hw/wire/mpx.h"

namespace ronchi::hw {
namespace {

using wire::MpxCode;

// How far a number may be off when it is read back: times are rounded to the detector's clock.
constexpr double kRelativeOff = 1e-3;
constexpr double kOff = 1e-5;  // 10 ns of a time in ms

absl::Status Refusal(const std::string& who, const std::string& asked, int code) {
  const auto error = [&](ErrorKind kind, const char* says, const char* remedy) {
    return MakeError({kind, absl::StrCat(who, ": ", asked, ": ", says, " (code ", code, ")"),
                      remedy, Effect::kNone});
  };
  switch (MpxCode(code)) {
    case MpxCode::kBusy:
      return error(ErrorKind::kBusy, "the detector is busy", "ask again later");
    case MpxCode::kNotKnown:
      return error(ErrorKind::kCannot, "the server does not know it",
                   "see the version of the server's software");
    case MpxCode::kOutOfRange:
      return error(ErrorKind::kOutOfLimits, "the value is out of range", "ask for another");
    default:
      return error(ErrorKind::kHardware, "refused", "see the server's own words");
  }
}

bool IsThere(const std::string& asked, const std::string& stands) {
  double a = 0, b = 0;
  if (!absl::SimpleAtod(asked, &a) || !absl::SimpleAtod(stands, &b)) return asked == stands;
  return std::isfinite(b) && std::fabs(b - a) <= kRelativeOff * std::fabs(a) + kOff;
}

}  // namespace

MerlinControl::MerlinControl(const wire::Address& address, double connect_s, double answer_s)
    : peer_(address, wire::MpxAnswerEnd,
            {.connect_s = connect_s,
             .most_bytes = wire::kMpxPrefixBytes + wire::kMostControlBytes + 1}),
      answer_s_(answer_s) {}

absl::StatusOr<std::string> MerlinControl::Ask(const std::string& verb, const std::string& name,
                                               const std::string& value) {
  RONCHI_ASSIGN_OR_RETURN(const std::string message,
                          peer_.Ask(wire::MpxRequestText({verb, name, value}), answer_s_));
  absl::StatusOr<wire::MpxAnswer> answer = wire::ParseMpxAnswer(message);
  if (answer.ok() && (answer->verb != verb || answer->name != name)) {
    answer = absl::InvalidArgumentError(absl::StrCat(
        "'", Printable(answer->verb + "," + answer->name), "' answers '", verb, ",", name, "'"));
  }
  if (!answer.ok()) {
    peer_.Drop();
    return MakeError({ErrorKind::kCommunication,
                      absl::StrCat(peer_.name(), ": ", std::string(answer.status().message())),
                      "see that a Merlin answers there", Effect::kPerhaps});
  }
  if (answer->code != int(MpxCode::kDone)) {
    return Refusal(peer_.name(),
                   absl::StrCat(verb, ",", name, verb == "SET" ? "," + value : std::string()),
                   answer->code);
  }
  return std::move(answer->value);
}

absl::StatusOr<std::string> MerlinControl::Get(const std::string& name) {
  return Ask("GET", name, "0");
}

absl::StatusOr<std::string> MerlinControl::Get(const std::string& name,
                                               const std::string& otherwise) {
  absl::StatusOr<std::string> value = Get(name);
  if (absl::IsUnimplemented(value.status())) return otherwise;
  return value;
}

absl::StatusOr<int> MerlinControl::GetWhole(const std::string& name) {
  RONCHI_ASSIGN_OR_RETURN(const std::string text, Get(name));
  int value = 0;
  if (absl::SimpleAtoi(text, &value)) return value;
  return MakeError({ErrorKind::kHardware,
                    absl::StrCat(peer_.name(), ": ", name, " is '", Printable(text),
                                 "'; a whole number is needed"),
                    "see what the detector is set to", Effect::kNone});
}

absl::Status MerlinControl::Set(const std::string& name, const std::string& value) {
  RONCHI_RETURN_IF_ERROR(Ask("SET", name, value).status());
  RONCHI_ASSIGN_OR_RETURN(const std::string stands, Get(name));
  if (IsThere(value, stands)) return absl::OkStatus();
  return MakeError({ErrorKind::kOutOfTolerance,
                    absl::StrCat(peer_.name(), ": ", name, " stands at ", Printable(stands),
                                 " instead of ", value),
                    "look at the detector's settings", Effect::kNone});
}

absl::Status MerlinControl::SetNumber(const std::string& name, double value) {
  return Set(name, absl::StrFormat("%.9g", value));
}

absl::Status MerlinControl::SetIfKnown(const std::string& name, double value) {
  const absl::Status s = SetNumber(name, value);
  return absl::IsUnimplemented(s) ? absl::OkStatus() : s;
}

absl::Status MerlinControl::Do(const std::string& command) {
  return Ask("CMD", command, "0").status();
}

}  // namespace ronchi::hw
