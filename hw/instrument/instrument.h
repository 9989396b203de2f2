// The narrow waist: everything that can be driven is an Instrument, and everything that is asked
// of it is one of a closed set of typed commands (as LevelDB's Env is to files). The simulated
// twin, each driver and each wrapper is just another Instrument.
//
// Units: SI at this boundary, carried by Quantity. Frames: image positions are metres in the scan
// frame, x along a line (fast), y from line to line (slow). Signs: docs/conventions.md.
// Threads: an Instrument is called by one thread at a time; a CancelToken and BlankNow may be used
// by any other meanwhile. hw/wrappers/async.h runs commands on a thread of their own.
#pragma once

#include <limits>

#include "core/status.h"
#include "hw/instrument/cancel.h"
#include "hw/instrument/command.h"
#include "hw/instrument/description.h"
#include "hw/instrument/error.h"
#include "hw/instrument/reply.h"

namespace ronchi::hw {

class GroundTruth;  // hw/instrument/ground_truth.h

struct ExecuteOptions {
  // Called for every line of a scan, in order, on the calling thread or another, before Execute
  // returns. Without one nothing is streamed; the frames come with the reply in any case.
  LineSink on_line;
  // Looked at between lines at least. What is ended early is no error: Reply::ended says so. What
  // has not begun is one (kCancelled), unless it is a read, blank, safe or abort: these are done.
  const CancelToken* cancel = nullptr;
  // On the instrument's clock, so that a simulation ends at the same line every time.
  double timeout_s = std::numeric_limits<double>::infinity();

  bool cancelled() const { return cancel != nullptr && cancel->cancelled(); }
};

class Instrument {
 public:
  virtual ~Instrument() = default;
  virtual const Description& description() const = 0;
  // Errors say what failed, whether trying again may help, whether the command may have been
  // carried out, and what to do: hw/instrument/error.h. By code: NotFound: no such property or
  // detector. OutOfRange: a value beyond the limits. Unimplemented: a capability it does not have.
  // PermissionDenied: read only, or refused. FailedPrecondition: not now (blanked, say).
  // Unavailable: the link. Unless the error says otherwise the state is as before the command.
  // An exception from a driver or from a line sink ends here, as an Internal error.
  absl::StatusOr<Reply> Execute(const Command& command, const ExecuteOptions& options = {});
  // Blanks at once, from any thread, also while Execute runs (a connection of its own). OK: the
  // beam is confirmed blanked. Unimplemented: there is no such way, only the Blank command.
  virtual absl::Status BlankNow();
  // What only a simulation can know; nullptr on every real instrument.
  virtual GroundTruth* ground_truth() { return nullptr; }

 protected:
  virtual absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) = 0;
};

}  // namespace ronchi::hw
