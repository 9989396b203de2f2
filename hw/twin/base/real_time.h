// Holds a simulation back so that its clock follows the wall's.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

#include "hw/instrument/instrument.h"

namespace ronchi::hw {

class RealTime {
 public:
  explicit RealTime(bool on) : on_(on) {}
  // The simulation stands at `time_s` now.
  void Start(double time_s) {
    if (on_) start_ = Clock::now() - ToDuration(time_s);
  }
  // Waits until the wall's clock has come to `time_s`, or the command is cancelled. What has taken
  // longer to compute is late.
  void WaitUntil(double time_s, const ExecuteOptions& options) const {
    if (!on_) return;
    constexpr std::chrono::milliseconds kPoll(2);  // how soon a cancelled wait ends
    const auto end = start_ + ToDuration(time_s);
    while (!options.cancelled() && Clock::now() < end) {
      std::this_thread::sleep_for(std::min<Clock::duration>(end - Clock::now(), kPoll));
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  static Clock::duration ToDuration(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }
  bool on_;
  Clock::time_point start_;
};

}  // namespace ronchi::hw
