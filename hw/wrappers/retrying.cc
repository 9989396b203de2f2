#include "hw/wrappers/retrying.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"

namespace ronchi::hw {
namespace {

class Retrying final : public Instrument {
 public:
  Retrying(std::unique_ptr<Instrument> inner, RetryOptions options)
      : inner_(std::move(inner)), options_(std::move(options)) {}
  const Description& description() const override { return inner_->description(); }
  GroundTruth* ground_truth() override { return inner_->ground_truth(); }
  absl::Status BlankNow() override { return inner_->BlankNow(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    bool streamed = false;
    ExecuteOptions seen = options;
    if (options.on_line) {
      seen.on_line = [&](const ScanLine& line) {
        streamed = true;
        options.on_line(line);
      };
    }
    double wait_s = options_.first_wait_s;
    for (int attempt = 1;; ++attempt) {
      absl::StatusOr<Reply> reply = inner_->Execute(command, seen);
      if (reply.ok() || streamed || !MayRepeat(command, reply.status())) return reply;
      if (attempt >= options_.attempts || options.cancelled()) {
        return Annotate(reply.status(), absl::StrCat("after ", attempt, " attempts"));
      }
      Wait(wait_s);
      wait_s = std::min(2 * wait_s, options_.longest_wait_s);
    }
  }

  void Wait(double seconds) const {
    if (options_.wait) return options_.wait(seconds);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }

  std::unique_ptr<Instrument> inner_;
  const RetryOptions options_;
};

}  // namespace

bool MayRepeat(const Command& command, const absl::Status& status) {
  const Error error = ErrorOf(status);
  if (error.kind != ErrorKind::kCommunication && error.kind != ErrorKind::kTimeout &&
      error.kind != ErrorKind::kBusy) {
    return false;
  }
  if (*error.effect == Effect::kNone) return true;
  const auto* set = std::get_if<Set>(&command);
  return !Exposes(command) && !(set && set->relative);
}

std::unique_ptr<Instrument> MakeRetrying(std::unique_ptr<Instrument> inner, RetryOptions options) {
  return std::make_unique<Retrying>(std::move(inner), std::move(options));
}

}  // namespace ronchi::hw
