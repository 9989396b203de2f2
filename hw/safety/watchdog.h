// The guard's second thread: notices that nobody speaks any more, that a command does not end, or
// that the program was told to end and does not.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "core/background.h"
#include "hw/instrument/cancel.h"

namespace ronchi::hw {

struct WatchdogOptions {
  double heartbeat_s = 0, command_limit_s = 0, idle_s = 0;  // 0: never
  double interrupt_grace_s = 5;
};

class Watchdog {
 public:
  // Called on the watchdog's thread with the reason: no command runs (blank by command, and tell
  // the watchdog handed over how that ended) …
  using OnSilence = std::function<void(Watchdog* watchdog, const std::string& why)>;
  // … or one does (blank beside it). Its token has been cancelled.
  // Either may be called before the constructor has returned, and until the destructor has: what
  // they need of the watchdog goes through no pointer of its owner's, which is null at both times.
  using OnStuck = std::function<void(const std::string& why)>;
  Watchdog(const WatchdogOptions& options, OnSilence on_silence, OnStuck on_stuck);
  ~Watchdog();

  void Heartbeat();
  void Begin(CancelToken* token);  // a command begins
  void End(bool beam_may_be_on);   // and is over
  void CancelRunning();

 private:
  using Clock = CancelToken::Clock;
  void Loop();
  // Why to act now, if so; and when to look again.
  std::optional<std::string> Reason(Clock::time_point now, Clock::time_point* next);

  const WatchdogOptions options_;
  const OnSilence on_silence_;
  const OnStuck on_stuck_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false, beam_may_be_on_ = true;
  Clock::time_point sign_ = Clock::now();  // of life; while a command runs, its beginning
  Clock::time_point idle_since_ = Clock::now();
  CancelToken* running_ = nullptr;
  bool reported_stuck_ = false;  // once a command
  std::optional<Clock::time_point> interrupted_;
  std::optional<Background> thread_;  // last: it uses all the others
};

}  // namespace ronchi::hw
