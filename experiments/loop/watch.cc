#include "experiments/loop/watch.h"

namespace ronchi {
namespace {

constexpr std::array<const char*, 3> kKnobs = {"optics.C10", "optics.C12.a", "optics.C12.b"};

}  // namespace

theory::Acquisition ToAcquisition(const hw::Reply& reply, const std::array<double, 3>& settings_A) {
  theory::Acquisition a;
  a.settings_A = settings_A;
  a.time_s = reply.time_s;
  a.frames = int(reply.frames.size());
  a.image = Array<float>(reply.frames.at(0).counts.shape());
  for (const hw::Frame& frame : reply.frames) {
    for (size_t i = 0; i < a.image.size(); ++i) {
      a.image[i] += frame.counts[i] / float(reply.frames.size());
    }
  }
  return a;
}

absl::StatusOr<hw::Reply> Watch::Run(const hw::Command& command,
                                     const hw::ExecuteOptions& options) {
  absl::StatusOr<hw::Reply> reply = inner_->Execute(command, options);
  if (!reply.ok()) return reply;
  for (const hw::Reading& reading : reply->readings) {
    for (size_t i = 0; i < kKnobs.size(); ++i) {
      if (reading.property == kKnobs[i]) settings_A_[i] = reading.value.si * kAngstromPerMetre;
    }
  }
  if (listener_ && !reply->frames.empty()) listener_(ToAcquisition(*reply, settings_A_));
  return reply;
}

}  // namespace ronchi
