#include "hw/safety/watchdog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/interrupt.h"

namespace ronchi::hw {
namespace {

// How often the interrupt flag is looked at; a signal handler cannot wake us.
constexpr double kLookAgain_s = 0.1;

CancelToken::Clock::duration Seconds(double s) {
  return std::chrono::duration_cast<CancelToken::Clock::duration>(std::chrono::duration<double>(s));
}

}  // namespace

Watchdog::Watchdog(const WatchdogOptions& options, OnSilence on_silence, OnStuck on_stuck)
    : options_(options), on_silence_(std::move(on_silence)), on_stuck_(std::move(on_stuck)) {
  thread_.emplace([this] { Loop(); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.reset();
}

void Watchdog::Heartbeat() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!running_) sign_ = Clock::now();
}

void Watchdog::Begin(CancelToken* token) {
  const std::lock_guard<std::mutex> lock(mutex_);
  sign_ = Clock::now();
  running_ = token;
  reported_stuck_ = false;
}

void Watchdog::End(bool beam_may_be_on) {
  const std::lock_guard<std::mutex> lock(mutex_);
  sign_ = idle_since_ = Clock::now();
  running_ = nullptr;
  beam_may_be_on_ = beam_may_be_on;
}

void Watchdog::CancelRunning() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_) running_->Cancel();
}

std::optional<std::string> Watchdog::Reason(Clock::time_point now, Clock::time_point* next) {
  *next = now + Seconds(kLookAgain_s);
  if (!interrupted_ && Interrupted()) interrupted_ = now;
  const double limit = running_ ? options_.command_limit_s : options_.heartbeat_s;
  const bool armed = running_ ? !reported_stuck_ : beam_may_be_on_;
  if (!armed) return std::nullopt;
  if (interrupted_ && now >= *interrupted_ + Seconds(options_.interrupt_grace_s)) {
    return absl::StrCat("told to end, and ", options_.interrupt_grace_s, " s later still at work");
  }
  const auto is_due = [&](Clock::time_point since, double after_s) {
    if (!(after_s > 0)) return false;
    const Clock::time_point due = since + Seconds(after_s);
    if (now < due) *next = std::min(*next, due);
    return now >= due;
  };
  if (is_due(sign_, limit)) {
    return running_ ? absl::StrCat("a command has not ended after ", limit, " s")
                    : absl::StrCat("no command or heartbeat for ", limit, " s");
  }
  if (!running_ && is_due(idle_since_, options_.idle_s)) {
    return absl::StrCat("it was on for ", options_.idle_s, " s without a command");
  }
  return std::nullopt;
}

void Watchdog::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    Clock::time_point next;
    const auto why = Reason(Clock::now(), &next);
    if (!why) {
      wake_.wait_until(lock, next);
      continue;
    }
    const bool stuck = running_ != nullptr;
    if (stuck) {
      running_->Cancel();
      reported_stuck_ = true;
    }
    lock.unlock();
    stuck ? on_stuck_(*why) : on_silence_(this, *why);
    lock.lock();
    // A beam that could not be blanked is tried again, not at full speed.
    if (!stop_) wake_.wait_until(lock, Clock::now() + Seconds(kLookAgain_s));
  }
}

}  // namespace ronchi::hw
