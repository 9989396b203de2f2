#include "hw/server/hub.h"

#include <chrono>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace ronchi::hw {

// Of a command: there is room, and it has the instrument. Whoever returns from here with OK ends
// its turn itself.
absl::Status Hub::WaitForTurn(bool urgent, CancelToken* running) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!urgent && waiting_ >= options_.waiting) {
    return MakeError({ErrorKind::kBusy, absl::StrCat(waiting_, " commands are waiting already"),
                      "ask again later"});
  }
  ++(urgent ? urgent_ : waiting_);
  const bool mine = turn_.wait_for(lock, std::chrono::duration<double>(options_.turn_s), [&] {
    return (closed_ && !urgent) || (!busy_ && (urgent || urgent_ == 0));
  });
  --(urgent ? urgent_ : waiting_);
  if (closed_ && !urgent) {
    return MakeError({ErrorKind::kRefused, "serving ends", "nothing was done"});
  }
  if (mine) {
    busy_ = true;
    running_ = running;
    return absl::OkStatus();
  }
  return MakeError({ErrorKind::kBusy,
                    absl::StrCat("another command runs, and has for ", options_.turn_s, " s"),
                    "ask again later"});
}

absl::StatusOr<Reply> Hub::Execute(const Command& command, const ExecuteOptions& options) {
  const bool urgent = std::holds_alternative<Blank>(command) ||
                      std::holds_alternative<Safe>(command) ||
                      std::holds_alternative<Abort>(command);
  if (urgent) Cancel();
  CancelToken token(options.cancel);
  RONCHI_RETURN_IF_ERROR(WaitForTurn(urgent, &token));
  const auto ended = absl::MakeCleanup([&] {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_ = nullptr;
    busy_ = false;
    turn_.notify_all();
  });
  ExecuteOptions own = options;
  own.cancel = &token;
  return instrument_->Execute(command, own);
}

void Hub::Cancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_) running_->Cancel();
}

void Hub::Close() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    if (running_) running_->Cancel();
  }
  turn_.notify_all();
}

bool Hub::busy() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return running_ != nullptr;
}

size_t Hub::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_;
}

absl::Status Hub::BlankNow() {
  const absl::Status now = instrument_->BlankNow();
  Cancel();
  if (!absl::IsUnimplemented(now)) return now;
  const absl::StatusOr<Reply> reply = Execute(Blank{});
  RONCHI_RETURN_IF_ERROR(reply.status());
  if (reply->blanked) return absl::OkStatus();
  return MakeError(
      {ErrorKind::kHardware, "the beam is not blanked after a blank", "close the column valves"});
}

}  // namespace ronchi::hw
