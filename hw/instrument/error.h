// Errors of instruments, split as SECoP does: will the same command fail again (persistent), or
// may it succeed when asked once more (retryable)? Each carries its cause and a remedy, and says
// whether the command may have been carried out. They travel as absl::Status, with a payload.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"

namespace ronchi::hw {

enum class ErrorKind {
  // Persistent.
  kBadCommand,      // InvalidArgument: malformed, wrong dimension
  kNoSuchName,      // NotFound: property, detector
  kReadOnly,        // PermissionDenied
  kRefused,         // PermissionDenied: by the guard, a lease, a person
  kOutOfLimits,     // OutOfRange
  kCannot,          // Unimplemented
  kDataLoss,        // DataLoss: done, but the record or the data are lost
  kCancelled,       // Cancelled: before it began
  kHardware,        // Internal: something is broken; SECoP calls it retryable, but a stage that
  kOutOfTolerance,  // Aborted: does not arrive may touch a pole piece, so a person looks first
  // Retryable.
  kImpossibleNow,  // FailedPrecondition: blanked, moving, holder out
  kBusy,           // ResourceExhausted: not begun
  kCommunication,  // Unavailable: the link
  kTimeout         // DeadlineExceeded: no answer in time
};
constexpr int kErrorKinds = int(ErrorKind::kTimeout) + 1;

// Was it carried out?
enum class Effect { kNone, kPerhaps, kDone };

struct Error {
  ErrorKind kind = ErrorKind::kHardware;
  std::string cause;   // one line: what, value, unit, what is allowed
  std::string remedy;  // what to do
  // Not given: kNone for what is found before anything moves (the first six kinds, kCancelled,
  // kImpossibleNow, kBusy), kPerhaps for the rest.
  std::optional<Effect> effect = std::nullopt;
};

std::string_view KindName(ErrorKind kind);   // "bad_command" …
std::string_view EffectName(Effect effect);  // "none", "perhaps", "done"
std::optional<ErrorKind> KindFromName(std::string_view name);
std::optional<Effect> EffectFromName(std::string_view name);
bool IsRetryable(ErrorKind kind);

// "cause; remedy", with the kind's code and everything as payload.
absl::Status MakeError(const Error& error);
// `status` with kind, effect and remedy as payload: what has been through a log or a wire.
absl::Status WithError(absl::Status status, const Error& error);
// Of a Status that MakeError made, what it was made from (the cause with what Annotate added);
// of any other that is not OK, what its code says. The effect is always set.
Error ErrorOf(const absl::Status& status);
bool HasError(const absl::Status& status);  // made by MakeError

inline bool IsRetryable(const absl::Status& s) { return !s.ok() && IsRetryable(ErrorOf(s).kind); }
inline bool MayHaveHappened(const absl::Status& s) {
  return s.ok() || *ErrorOf(s).effect != Effect::kNone;
}

}  // namespace ronchi::hw
