#include "hw/drivers/camera_exposure.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/printable.h"

namespace ronchi::hw {

absl::Status NothingExposed(const absl::Status& status) {
  if (status.ok()) return status;
  Error e = ErrorOf(status);
  e.effect = Effect::kNone;
  return MakeError(e);
}

absl::Status PerhapsExposed(ErrorKind kind, std::string cause) {
  return MakeError(
      {kind, std::move(cause), "expose again where the specimen bears it", Effect::kPerhaps});
}

absl::Status FrameError(const std::string& who, const absl::Status& status) {
  ErrorKind kind = ErrorKind::kCommunication;
  if (absl::IsDataLoss(status)) kind = ErrorKind::kDataLoss;
  if (absl::IsUnimplemented(status)) kind = ErrorKind::kCannot;
  return PerhapsExposed(kind, absl::StrCat(who, ": ", Printable(std::string(status.message()))));
}

absl::Status CheckExposure(const Expose& expose, const DetectorInfo& camera, size_t most_bytes) {
  if (expose.binning != 1) {
    return MakeError({ErrorKind::kCannot, absl::StrCat(camera.name, " cannot bin"),
                      "expose with a binning of 1"});
  }
  const size_t frame = camera.pixels_x * camera.pixels_y * sizeof(float);
  if (expose.frames <= most_bytes / frame) return absl::OkStatus();
  return MakeError({ErrorKind::kOutOfLimits,
                    absl::StrCat(expose.frames, " frames of ", frame, " bytes; allowed are ",
                                 most_bytes, " bytes in one exposure"),
                    "expose fewer at a time"});
}

double SecondsSince(wire::Stream::Clock::time_point when) {
  return std::chrono::duration<double>(wire::Stream::Clock::now() - when).count();
}

bool ExposureWait::Over() const {
  if (options_.cancelled()) reply_->ended = Ended::kCancelled;
  if (elapsed_s() > options_.timeout_s) reply_->ended = Ended::kTimeout;
  return reply_->ended != Ended::kComplete;
}

absl::Status ExposureWait::Late(double within_s, const std::string& who, const std::string& what) {
  return PerhapsExposed(ErrorKind::kTimeout,
                        absl::StrFormat("%s: no %s within %g s", who, what, within_s));
}

}  // namespace ronchi::hw
