#include "hw/instrument/error.h"

#include <array>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace ronchi::hw {
namespace {

constexpr char kUrl[] = "ronchi/hw.Error";

constexpr std::array<std::string_view, 3> kEffects = {"none", "perhaps", "done"};

struct KindInfo {
  ErrorKind kind;
  std::string_view name;
  absl::StatusCode code;
  bool retryable;
  Effect effect;
  std::string_view remedy;  // of a bare code
};
using Code = absl::StatusCode;
constexpr std::array<KindInfo, kErrorKinds> kKinds = {{
    {ErrorKind::kBadCommand, "bad_command", Code::kInvalidArgument, false, Effect::kNone,
     "correct the command"},
    {ErrorKind::kNoSuchName, "no_such_name", Code::kNotFound, false, Effect::kNone,
     "use a name that the instrument lists"},
    {ErrorKind::kReadOnly, "read_only", Code::kPermissionDenied, false, Effect::kNone,
     "it can only be read"},
    {ErrorKind::kRefused, "refused", Code::kPermissionDenied, false, Effect::kNone,
     "ask the operator"},
    {ErrorKind::kOutOfLimits, "out_of_limits", Code::kOutOfRange, false, Effect::kNone,
     "stay within the limits"},
    {ErrorKind::kCannot, "cannot", Code::kUnimplemented, false, Effect::kNone,
     "use another instrument, or do without"},
    {ErrorKind::kDataLoss, "data_loss", Code::kDataLoss, false, Effect::kDone,
     "free or repair the disk before going on"},
    {ErrorKind::kCancelled, "cancelled", Code::kCancelled, false, Effect::kNone, "none is needed"},
    {ErrorKind::kHardware, "hardware", Code::kInternal, false, Effect::kPerhaps,
     "look at the instrument before going on"},
    {ErrorKind::kOutOfTolerance, "out_of_tolerance", Code::kAborted, false, Effect::kDone,
     "look at the instrument before going on"},
    {ErrorKind::kImpossibleNow, "impossible_now", Code::kFailedPrecondition, true, Effect::kNone,
     "bring the instrument into the state that is named first"},
    {ErrorKind::kBusy, "busy", Code::kResourceExhausted, true, Effect::kNone, "wait and try again"},
    {ErrorKind::kCommunication, "communication", Code::kUnavailable, true, Effect::kPerhaps,
     "check the connection; read before repeating"},
    {ErrorKind::kTimeout, "timeout", Code::kDeadlineExceeded, true, Effect::kPerhaps,
     "read where it stands before repeating"},
}};

const KindInfo& Info(ErrorKind kind) { return kKinds[size_t(kind)]; }

const KindInfo& OfCode(absl::StatusCode code) {
  for (const KindInfo& k : kKinds) {
    // Of two kinds with one code the second is what a bare status means: refused.
    if (k.code == code && k.kind != ErrorKind::kReadOnly) return k;
  }
  // AlreadyExists, Unauthenticated: nothing was done. Unknown: who knows.
  if (code == Code::kAlreadyExists || code == Code::kUnauthenticated) {
    return Info(ErrorKind::kRefused);
  }
  return Info(ErrorKind::kHardware);
}

std::string Text(const Error& e) {
  return e.remedy.empty() ? e.cause : absl::StrCat(e.cause, "; ", e.remedy);
}

}  // namespace

std::string_view KindName(ErrorKind kind) { return Info(kind).name; }

std::string_view EffectName(Effect effect) { return kEffects[size_t(effect)]; }

std::optional<ErrorKind> KindFromName(std::string_view name) {
  for (const KindInfo& k : kKinds) {
    if (k.name == name) return k.kind;
  }
  return std::nullopt;
}

std::optional<Effect> EffectFromName(std::string_view name) {
  for (size_t i = 0; i < kEffects.size(); ++i) {
    if (kEffects[i] == name) return Effect(i);
  }
  return std::nullopt;
}

bool IsRetryable(ErrorKind kind) { return Info(kind).retryable; }

absl::Status MakeError(const Error& error) {
  return WithError(absl::Status(Info(error.kind).code, Text(error)), error);
}

absl::Status WithError(absl::Status status, const Error& e) {
  // The cause is the message without the remedy.
  status.SetPayload(kUrl, absl::Cord(absl::StrCat(
                              std::string(KindName(e.kind)), "|",
                              std::string(EffectName(e.effect.value_or(Info(e.kind).effect))), "|",
                              e.remedy.empty() ? std::string(Info(e.kind).remedy) : e.remedy)));
  return status;
}

bool HasError(const absl::Status& status) { return status.GetPayload(kUrl).has_value(); }

Error ErrorOf(const absl::Status& status) {
  const std::string message(status.message());
  const KindInfo& bare = OfCode(status.code());
  Error e{bare.kind, message, std::string(bare.remedy), bare.effect};
  const auto payload = status.GetPayload(kUrl);
  if (!payload) return e;
  const std::vector<std::string> parts =
      absl::StrSplit(std::string(*payload), absl::MaxSplits('|', 2));
  const auto kind = KindFromName(parts[0]);
  const auto effect = EffectFromName(parts.size() == 3 ? parts[1] : "");
  if (!kind || !effect) return e;
  e.kind = *kind;
  e.effect = *effect;
  e.remedy = parts[2];
  const std::string tail = "; " + parts[2];
  if (absl::EndsWith(message, tail)) {
    e.cause = message.substr(0, message.size() - tail.size());
  }
  return e;
}

}  // namespace ronchi::hw
