// A wish to end what is running, given from any thread and looked at by drivers between lines,
// frames and polls.
#pragma once

#include <atomic>
#include <chrono>

namespace ronchi::hw {

class CancelToken {
 public:
  using Clock = std::chrono::steady_clock;
  // Cancelled too when `parent` is, which must outlive this.
  explicit CancelToken(const CancelToken* parent = nullptr) : parent_(parent) {}
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;

  void Cancel() { cancelled_.store(true, std::memory_order_release); }
  // Cancelled by itself from then on, on the host's clock. Set it before the token is handed out.
  void SetDeadline(Clock::time_point when) { deadline_ = when; }
  bool cancelled() const {
    return cancelled_.load(std::memory_order_acquire) || (parent_ && parent_->cancelled()) ||
           (deadline_ != Clock::time_point::max() && Clock::now() >= deadline_);
  }

 private:
  const CancelToken* const parent_;
  std::atomic<bool> cancelled_ = false;
  Clock::time_point deadline_ = Clock::time_point::max();
};

}  // namespace ronchi::hw
