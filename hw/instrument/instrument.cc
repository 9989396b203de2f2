#include "hw/instrument/instrument.h"

#include <exception>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {

absl::StatusOr<Reply> Instrument::Execute(const Command& command, const ExecuteOptions& options) {
  if (options.cancelled() && (Exposes(command) || std::holds_alternative<Set>(command) ||
                              std::holds_alternative<Unblank>(command))) {
    return MakeError({.kind = ErrorKind::kCancelled,
                      .cause = absl::StrCat(VerbName(command), " was cancelled before it began")});
  }
  std::string what = "an unknown exception";
  try {
    return Run(command, options);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  return MakeError({.kind = ErrorKind::kHardware,
                    .cause = absl::StrCat("exception during ", VerbName(command), ": ", what),
                    .remedy = "report it: drivers and line sinks must not throw"});
}

absl::Status Instrument::BlankNow() {
  return absl::UnimplementedError("no way to blank while a command runs");
}

}  // namespace ronchi::hw
