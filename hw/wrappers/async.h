// Commands on a thread of their own: start one, go on, wait for it, cancel it, or abort everything
// from any thread. One command runs at a time, in the order of Start.
#pragma once

#include <condition_variable>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>

#include "core/background.h"
#include "hw/instrument/instrument.h"

namespace ronchi::hw {

class Async {
 private:
  struct Job;

 public:
  // What was started. Copies refer to the same command; it goes on when all are gone.
  class Ticket {
   public:
    absl::StatusOr<Reply> Wait() const;
    bool WaitFor(double seconds) const;  // is it done?
    bool done() const { return WaitFor(0); }
    // The command ends early if it runs (Reply::ended), and never begins if it waits (kCancelled).
    void Cancel() const;

   private:
    friend class Async;
    explicit Ticket(std::shared_ptr<Job> job) : job_(std::move(job)) {}
    std::shared_ptr<Job> job_;
  };

  explicit Async(std::unique_ptr<Instrument> inner);
  ~Async();  // aborts, and waits

  const Description& description() const { return inner_->description(); }
  // Any thread. `deadline_s`, on the host's clock from now on, cancels it as Cancel would; the
  // options' own cancel token, if any, must outlive the command.
  Ticket Start(Command command, ExecuteOptions options = {},
               double deadline_s = std::numeric_limits<double>::infinity());
  // Any thread: cancels what runs, drops what waits, then does Abort{}. How soon a running command
  // ends is the driver's matter (the twin: at once, after the frame it computes).
  Ticket Abort();

 private:
  void Work();
  void DropAll();  // mutex_ held
  const std::unique_ptr<Instrument> inner_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::shared_ptr<Job> running_;
  bool stop_ = false;
  std::optional<Background> thread_;  // last: it uses all the others
};

}  // namespace ronchi::hw
