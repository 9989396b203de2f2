#include "hw/wrappers/slow.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace ronchi::hw {
namespace {

// How soon a cancelled wait ends.
constexpr double kCancelPoll_s = 0.002;

class Slow final : public Instrument {
 public:
  Slow(std::unique_ptr<Instrument> inner, const SlowOptions& options)
      : inner_(std::move(inner)), options_(options) {}
  const Description& description() const override { return inner_->description(); }
  GroundTruth* ground_truth() override { return inner_->ground_truth(); }
  absl::Status BlankNow() override { return inner_->BlankNow(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    Wait(options_.latency_s, options);
    absl::StatusOr<Reply> reply = inner_->Execute(command, options);
    if (reply.ok()) Wait(options_.real_time * reply->elapsed_s, options);
    return reply;
  }

  static void Wait(double seconds, const ExecuteOptions& options) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    while (!options.cancelled()) {
      const std::chrono::duration<double> left = end - Clock::now();
      if (left.count() <= 0) return;
      std::this_thread::sleep_for(std::min(left, std::chrono::duration<double>(kCancelPoll_s)));
    }
  }

  std::unique_ptr<Instrument> inner_;
  const SlowOptions options_;
};

}  // namespace

std::unique_ptr<Instrument> MakeSlow(std::unique_ptr<Instrument> inner,
                                     const SlowOptions& options) {
  return std::make_unique<Slow>(std::move(inner), options);
}

}  // namespace ronchi::hw
