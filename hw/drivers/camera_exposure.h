// What drivers of cameras without a beam do alike: they wait for frames, and say of an error
// whether anything may have been exposed.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "hw/instrument/instrument.h"
#include "hw/wire/stream.h"

namespace ronchi::hw {

double SecondsSince(wire::Stream::Clock::time_point when);

// Errors, of hw/instrument/error.h. Before anything was exposed, whatever was said on the wire:
absl::Status NothingExposed(const absl::Status& status);
absl::Status PerhapsExposed(ErrorKind kind, std::string cause);
// Of a reader of frames: DataLoss, Unimplemented and others as data_loss, cannot, communication.
absl::Status FrameError(const std::string& who, const absl::Status& status);

// kCannot: it is to be binned. kOutOfLimits: the frames are more than `most_bytes`, as numbers of
// 32 bits.
absl::Status CheckExposure(const Expose& expose, const DetectorInfo& camera, size_t most_bytes);

// How an exposure ends early: by a cancel or its time-out, which are looked at every 20 ms.
class ExposureWait {
 public:
  using Clock = wire::Stream::Clock;
  ExposureWait(const ExecuteOptions& options, Reply* reply) : options_(options), reply_(reply) {}

  double elapsed_s() const { return SecondsSince(start_); }
  bool cancelled() const { return options_.cancelled(); }
  Reply& reply() const { return *reply_; }
  // Whether it has been ended; looked at for each frame, also where they come without a pause.
  bool Over() const;

  // What `get(until)` gets (true, or a value) before `within_s`; nothing: it was ended early.
  // Errors of `get` are a frame reader's, `failed` may end the waiting with another one, and when
  // time is over it is kTimeout, "<who>: no <what> within …".
  template <class Get, class Failed>
  auto For(double within_s, const std::string& who, const std::string& what, const Get& get,
           const Failed& failed) const -> decltype(get(Clock::time_point())) {
    const Clock::time_point until = wire::Stream::After(within_s);
    for (;;) {
      auto got = get(std::min(until, wire::Stream::After(kPoll_s)));
      if (!got.ok()) return FrameError(who, got.status());
      if (*got || Over()) return got;
      RONCHI_RETURN_IF_ERROR(failed());
      if (Clock::now() >= until) return Late(within_s, who, what);
    }
  }

 private:
  static constexpr double kPoll_s = 0.02;
  static absl::Status Late(double within_s, const std::string& who, const std::string& what);

  const ExecuteOptions& options_;
  const Clock::time_point start_ = Clock::now();
  Reply* const reply_;
};

}  // namespace ronchi::hw
