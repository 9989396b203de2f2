#include "hw/wrappers/async.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {

struct Async::Job {
  Job(Command c, ExecuteOptions o)
      : command(std::move(c)), options(std::move(o)), token(options.cancel) {
    options.cancel = &token;
  }
  void Finish(absl::StatusOr<Reply> r) {
    const std::lock_guard<std::mutex> lock(mutex);
    reply = std::move(r);
    finished.notify_all();
  }

  const Command command;
  ExecuteOptions options;
  CancelToken token;
  std::mutex mutex;
  std::condition_variable finished;
  std::optional<absl::StatusOr<Reply>> reply;
};

absl::StatusOr<Reply> Async::Ticket::Wait() const {
  std::unique_lock<std::mutex> lock(job_->mutex);
  job_->finished.wait(lock, [&] { return job_->reply.has_value(); });
  return *job_->reply;
}

bool Async::Ticket::WaitFor(double seconds) const {
  std::unique_lock<std::mutex> lock(job_->mutex);
  // More than a year would overflow the clock.
  return job_->finished.wait_for(lock, std::chrono::duration<double>(std::min(seconds, 3e7)),
                                 [&] { return job_->reply.has_value(); });
}

void Async::Ticket::Cancel() const { job_->token.Cancel(); }

Async::Async(std::unique_ptr<Instrument> inner) : inner_(std::move(inner)) {
  thread_.emplace([this] { Work(); });
}

Async::~Async() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    DropAll();
    stop_ = true;
  }
  wake_.notify_all();
  thread_.reset();
}

void Async::DropAll() {
  if (running_) running_->token.Cancel();
  for (const auto& job : queue_) {
    job->Finish(MakeError({.kind = ErrorKind::kCancelled,
                           .cause = absl::StrCat(VerbName(job->command),
                                                 " was dropped by an abort before it began")}));
  }
  queue_.clear();
}

Async::Ticket Async::Start(Command command, ExecuteOptions options, double deadline_s) {
  auto job = std::make_shared<Job>(std::move(command), std::move(options));
  if (deadline_s < 3e7) {
    job->token.SetDeadline(CancelToken::Clock::now() +
                           std::chrono::duration_cast<CancelToken::Clock::duration>(
                               std::chrono::duration<double>(std::max(0.0, deadline_s))));
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(job);
  }
  wake_.notify_all();
  return Ticket(std::move(job));
}

Async::Ticket Async::Abort() {
  auto job = std::make_shared<Job>(hw::Abort{}, ExecuteOptions{});
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    DropAll();
    queue_.push_back(job);
  }
  wake_.notify_all();
  return Ticket(std::move(job));
}

void Async::Work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (queue_.empty()) return;
    running_ = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    running_->Finish(inner_->Execute(running_->command, running_->options));
    lock.lock();
    running_ = nullptr;
  }
}

}  // namespace ronchi::hw
