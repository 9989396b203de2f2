// Tries again what may succeed the next time, and only what cannot do harm when it is done twice:
// never a relative move, and never an exposure that may have happened.
#pragma once

#include <functional>
#include <memory>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

struct RetryOptions {
  int attempts = 3;            // in all
  double first_wait_s = 0.05;  // then twice as long each time
  double longest_wait_s = 5;
  // Waits on the host's clock; tests put a counter in its place.
  std::function<void(double seconds)> wait = nullptr;
};

// Kinds that are tried again: kCommunication, kTimeout, kBusy. Not kImpossibleNow: waiting does not
// unblank. The last error says how many attempts there were. Lines are not streamed twice: a scan
// that has streamed one is not repeated.
std::unique_ptr<Instrument> MakeRetrying(std::unique_ptr<Instrument> inner, RetryOptions options);

// May the command be given again after this error?
bool MayRepeat(const Command& command, const absl::Status& error);

}  // namespace ronchi::hw
