// One instrument for many connections: one command at a time, a blank at any.
#pragma once

#include <condition_variable>
#include <mutex>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

struct HubOptions {
  double turn_s = 60;  // a command waits so long for those before it
  size_t waiting = 8;  // commands, at most; more are refused as kBusy
};

class Hub {
 public:
  explicit Hub(Instrument* instrument, const HubOptions& options = {})
      : instrument_(instrument), options_(options) {}

  const Description& description() const { return instrument_->description(); }
  // kBusy: too many are waiting, or its turn has not come.
  absl::StatusOr<Reply> Execute(const Command& command, const ExecuteOptions& options = {});
  // While a command runs, too. An instrument that can only blank in its turn is asked then: what
  // exposes is cancelled, and what waits is refused until it is blanked.
  absl::Status BlankNow();
  // What exposes ends early, with what there is.
  void Cancel();
  // What waits, and what comes, is refused from now on, but for what blanks; what exposes ends.
  void Close();
  bool busy() const;       // a command runs
  size_t waiting() const;  // commands

 private:
  absl::Status WaitForTurn(bool urgent, CancelToken* running);

  Instrument* const instrument_;
  const HubOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable turn_;
  bool busy_ = false, closed_ = false;
  size_t waiting_ = 0, urgent_ = 0;
  CancelToken* running_ = nullptr;  // of the command that runs
};

}  // namespace ronchi::hw
