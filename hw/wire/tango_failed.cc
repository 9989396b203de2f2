#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/printable.h"
#include "hw/instrument/error.h"
#include "hw/wire/tango.h"

namespace ronchi::hw::wire {
namespace {

// "Ronchi:out_of_limits:none", the reason of an error of Ronchi's own.
constexpr char kRonchiReason[] = "Ronchi:";
constexpr char kLook[] = "look at the device's own server";

struct KnownReason {
  const char* reason;  // of libtango, its servers or PyTango
  ErrorKind kind;
  const char* remedy;
};
constexpr KnownReason kKnownReasons[] = {
    {"API_CommandNotFound", ErrorKind::kCannot, "see what the device has"},
    {"API_AttrNotFound", ErrorKind::kCannot, "see what the device has"},
    {"API_NotSupported", ErrorKind::kCannot, kLook},
    {"UnsupportedCommand", ErrorKind::kCannot, kLook},
    {"API_DeviceNotDefined", ErrorKind::kNoSuchName, "see the names of its devices"},
    {"API_DeviceNotFound", ErrorKind::kNoSuchName, "see the names of its devices"},
    {"DB_DeviceNotDefined", ErrorKind::kNoSuchName, "see the names of its devices"},
    {"API_WAttrOutsideLimit", ErrorKind::kOutOfLimits, "ask for less"},
    {"API_AttrValueNotSet", ErrorKind::kHardware, kLook},
    {"API_AttrNotWritable", ErrorKind::kReadOnly, "it can only be read"},
    {"API_ReadOnlyMode", ErrorKind::kReadOnly, "it can only be read"},
    {"API_DeviceLocked", ErrorKind::kBusy, "another client has locked the device"},
    // Of a server that does one thing of a device after another: after 3.2 s it refuses.
    {"API_CommandTimedOut", ErrorKind::kBusy, "another command runs there: ask again"},
    {"API_CommandNotAllowed", ErrorKind::kImpossibleNow, "see the state of the device"},
    {"API_AttrNotAllowed", ErrorKind::kImpossibleNow, "see the state of the device"},
    {"API_IncompatibleCmdArgumentType", ErrorKind::kBadCommand, "its interface is another one"},
    {"API_IncompatibleAttrDataType", ErrorKind::kBadCommand, "its interface is another one"},
    {"API_IncompatibleAttrArgumentType", ErrorKind::kBadCommand, "its interface is another one"},
};

std::string ShortText(const std::string& text, size_t most) {
  return Printable(text.substr(0, most)) + (text.size() > most ? " …" : "");
}

// The fault whose words say most: one of Ronchi's own, or with a reason that is known, or the
// innermost.
Error OfStack(const std::vector<TangoFault>& stack) {
  for (const TangoFault& f : stack) {
    if (!absl::StartsWith(f.reason, kRonchiReason)) continue;
    const std::vector<std::string> parts = absl::StrSplit(f.reason, ':');
    const auto kind = parts.size() == 3 ? KindFromName(parts[1]) : std::nullopt;
    if (!kind) continue;
    Error e{*kind, "", kLook, EffectFromName(parts[2]).value_or(Effect::kPerhaps)};
    if (!f.origin.empty()) e.remedy = ShortText(f.origin, 300);
    return e;
  }
  for (const TangoFault& f : stack) {
    for (const KnownReason& known : kKnownReasons) {
      if (f.reason != known.reason) continue;
      return {known.kind, "", known.remedy,
              known.kind == ErrorKind::kHardware ? Effect::kPerhaps : Effect::kNone};
    }
  }
  return {ErrorKind::kHardware, "", kLook, Effect::kPerhaps};
}

std::string WordsOf(const std::vector<TangoFault>& stack) {
  constexpr size_t kMostFaults = 4, kMostWords = 300;
  std::string words;
  for (size_t i = 0; i < std::min(stack.size(), kMostFaults); ++i) {
    const TangoFault& f = stack[i];
    absl::StrAppend(&words, words.empty() ? "" : "; then ");
    if (absl::StartsWith(f.reason, kRonchiReason)) {
      absl::StrAppend(&words, ShortText(f.desc, kMostWords));
      continue;
    }
    absl::StrAppend(&words, ShortText(f.reason, 80), ": ", ShortText(f.desc, kMostWords));
    if (!f.origin.empty()) absl::StrAppend(&words, " (", ShortText(f.origin, 120), ")");
  }
  return words.empty() ? "it failed, and does not say why" : words;
}

}  // namespace

absl::Status TangoFailed(const std::string& what, const std::vector<TangoFault>& stack,
                         TangoLink link) {
  Error e = OfStack(stack);
  if (link == TangoLink::kUnreached && e.kind != ErrorKind::kNoSuchName) {
    e = {ErrorKind::kCommunication, "", "see that its server runs and can be reached",
         Effect::kNone};
  } else if (link == TangoLink::kLost) {
    e = {ErrorKind::kCommunication, "", "read where it stands before repeating", Effect::kPerhaps};
  } else if (link == TangoLink::kLate) {
    e = {ErrorKind::kTimeout, "",
         "read where it stands before repeating; if it answers no more, "
         "restart its server",
         Effect::kPerhaps};
  }
  e.cause = absl::StrCat(what, ": ", WordsOf(stack));
  return MakeError(e);
}

TangoFault TangoFaultOf(const absl::Status& status) {
  const Error e = ErrorOf(status);
  return {absl::StrCat(kRonchiReason, std::string(KindName(e.kind)), ":",
                       std::string(EffectName(*e.effect))),
          Printable(e.cause), Printable(e.remedy)};
}

std::string TangoKindOf(const TangoValue& value) {
  struct {
    std::string operator()(std::monostate) { return "nothing"; }
    std::string operator()(bool b) { return b ? "true" : "false"; }
    std::string operator()(int64_t i) { return absl::StrCat(i); }
    std::string operator()(double d) { return absl::StrCat(d); }
    std::string operator()(const std::string& s) {
      return absl::StrCat("the text '", ShortText(s, 100), "'");
    }
    std::string operator()(const std::vector<int64_t>& v) {
      return absl::StrCat(v.size(), " integers");
    }
    std::string operator()(const std::vector<double>& v) {
      return absl::StrCat(v.size(), " numbers");
    }
    std::string operator()(const std::vector<std::string>& v) {
      return absl::StrCat(v.size(), " texts");
    }
    std::string operator()(const TangoEncoded& e) { return absl::StrCat(e.bytes.size(), " bytes"); }
  } name;
  return std::visit(name, value);
}

}  // namespace ronchi::hw::wire
