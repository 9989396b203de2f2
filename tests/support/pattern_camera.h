// An instrument with one camera whose every pixel is known, for drivers and servers of cameras.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "hw/instrument/instrument.h"
#include "hw/instrument/validate.h"

namespace ronchi::testing_support {

// What a PatternCamera's owner may look at and change.
struct PatternState {
  std::atomic<size_t> frames = 0;  // that were exposed
  std::atomic<bool> blanked = false;
  std::atomic<bool> stalls = false;  // exposures last until they are cancelled
  std::atomic<bool> fails = false;   // or fail
};

// Of the n-th frame (from 0), pixel i: whole numbers of up to 13 bits, none of which repeats soon.
inline float PatternPixel(size_t n, size_t i) { return float((n * 911 + i * 31) % 8191); }

class PatternCamera final : public hw::Instrument {
 public:
  PatternCamera(std::shared_ptr<PatternState> state, size_t width, size_t height)
      : state_(std::move(state)) {
    description_.id = "pattern";
    description_.simulated = true;
    description_.cannot = {"set", "scan", "park", "measure"};
    description_.detectors.push_back({.name = "cam",
                                      .kind = hw::DetectorKind::kCamera,
                                      .pixels_x = width,
                                      .pixels_y = height,
                                      .min_dwell_s = 1e-6,
                                      .max_dwell_s = 100});
  }
  const hw::Description& description() const override { return description_; }

 private:
  absl::StatusOr<hw::Reply> Run(const hw::Command& command,
                                const hw::ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(hw::CheckCommand(description_, command));
    hw::Reply reply;
    if (std::holds_alternative<hw::Blank>(command)) state_->blanked = true;
    if (std::holds_alternative<hw::Unblank>(command)) state_->blanked = false;
    reply.blanked = state_->blanked;
    const auto* expose = std::get_if<hw::Expose>(&command);
    if (!expose) return reply;
    if (state_->blanked) {
      return hw::MakeError({hw::ErrorKind::kImpossibleNow, "blanked", "unblank first"});
    }
    if (state_->fails) return hw::MakeError({hw::ErrorKind::kHardware, "broken", "mend it"});
    while (state_->stalls && !options.cancelled()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const hw::DetectorInfo& camera = description_.detectors[0];
    for (size_t f = 0; f < expose->frames; ++f) {
      if (options.cancelled()) reply.ended = hw::Ended::kCancelled;
      if (reply.ended != hw::Ended::kComplete) break;
      Array<float> counts({camera.pixels_y, camera.pixels_x});
      const size_t n = state_->frames++;
      for (size_t i = 0; i < counts.size(); ++i) counts[i] = PatternPixel(n, i);
      reply.frames.push_back({camera.name, std::move(counts)});
    }
    return reply;
  }

  const std::shared_ptr<PatternState> state_;
  hw::Description description_;
};

}  // namespace ronchi::testing_support
