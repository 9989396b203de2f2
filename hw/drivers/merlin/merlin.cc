#include "hw/drivers/merlin/merlin.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/printable.h"
#include "hw/drivers/camera_exposure.h"
#include "hw/drivers/merlin/merlin_control.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/description_check.h"
#include "hw/instrument/validate.h"
#include "hw/wire/mib_pixels.h"

namespace ronchi::hw {
namespace {

using Clock = FrameReader::Clock;

constexpr const char* kSoftTrigger = "5";
constexpr const char* kInternalTrigger = "0";

class Merlin final : public Instrument {
 public:
  explicit Merlin(const MerlinOptions& options)
      : options_(options),
        control_(options.control, options.connect_s, options.answer_s),
        reader_(options.data, options.reader) {}

  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(const int width, control_.GetWhole("IMAGEX"));
    RONCHI_ASSIGN_OR_RETURN(const int height, control_.GetWhole("IMAGEY"));
    depth_ = options_.counter_depth;
    if (depth_ == 0) {
      RONCHI_ASSIGN_OR_RETURN(depth_, control_.GetWhole("COUNTERDEPTH"));
    }
    const auto side = [](int n) { return n >= 1 && n <= int(wire::kMostMibSide); };
    if (!side(width) || !side(height) || depth_ < 1 || depth_ > 24) {
      return MakeError({ErrorKind::kHardware,
                        absl::StrCat(control_.name(), ": frames of ", width, " × ", height,
                                     " pixels and ", depth_, " bits; allowed are sides of 1 … ",
                                     wire::kMostMibSide, " and 1 … 24 bits"),
                        "see what the detector is set to", Effect::kNone});
    }
    Describe(size_t(width), size_t(height));
    return CheckDescription(description_);
  }

  const Description& description() const override { return description_; }

 private:
  void Describe(size_t width, size_t height) {
    description_.id = "merlin:" + options_.camera;
    description_.model =
        absl::StrCat("Quantum Detectors Merlin, ", width, " × ", height, " pixels, counters of ",
                     depth_, " bits, at ", control_.name());
    for (const std::string& name : CapabilityNames()) {
      const bool can = name == "expose" || name == "safe" || name == "abort" || name == "cancel";
      if (!can) description_.cannot.push_back(name);
    }
    description_.detectors.push_back({.name = options_.camera,
                                      .outer_rad = options_.pixel_rad * double(width) / 2,
                                      .saturation_counts = std::exp2(depth_) - 1,
                                      .kind = DetectorKind::kCamera,
                                      .pixels_x = width,
                                      .pixels_y = height,
                                      .pixel_rad = options_.pixel_rad,
                                      .min_dwell_s = options_.min_time_s,
                                      .max_dwell_s = options_.max_time_s});
  }
  const DetectorInfo& camera() const { return description_.detectors[0]; }

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
    Reply reply;
    const ExposureWait wait(options, &reply);
    reply.blanked = false;  // that is for the column to say
    if (const auto* expose = std::get_if<Expose>(&command)) {
      RONCHI_RETURN_IF_ERROR(Do(*expose, wait));
    } else {  // safe, abort
      RONCHI_RETURN_IF_ERROR(control_.Do("STOPACQUISITION"));
    }
    reply.elapsed_s = wait.elapsed_s();
    reply.time_s = SecondsSince(opened_);
    return reply;
  }

  absl::Status Do(const Expose& e, const ExposureWait& w) {
    RONCHI_RETURN_IF_ERROR(CheckExposure(e, camera(), options_.most_bytes));
    if (w.cancelled()) {
      return MakeError({ErrorKind::kCancelled, "cancelled before it began", ""});
    }
    RONCHI_RETURN_IF_ERROR(NothingExposed(Prepare(e)));
    const absl::Status s = Acquire(e, w);
    // What is still on its way belongs to no later exposure.
    if (!s.ok() || w.reply().ended != Ended::kComplete) {
      (void)control_.Do("STOPACQUISITION");
      reader_.Drop();
    }
    return s;
  }

  // Whatever can be found to be wrong is found before the detector counts.
  absl::Status Prepare(const Expose& e) {
    RONCHI_RETURN_IF_ERROR(ConnectData());
    RONCHI_ASSIGN_OR_RETURN(const std::string status, control_.Get("DETECTORSTATUS", "0"));
    if (status == "1") {
      return MakeError({ErrorKind::kBusy, control_.name() + ": the detector counts already",
                        "wait, or stop what runs"});
    }
    RONCHI_RETURN_IF_ERROR(control_.SetNumber("COUNTERDEPTH", depth_));
    // Binary: pixels in their order. Where it is not known there is no other.
    RONCHI_RETURN_IF_ERROR(control_.SetIfKnown("FILEFORMAT", 0));
    RONCHI_RETURN_IF_ERROR(control_.SetNumber("NUMFRAMESTOACQUIRE", double(e.frames)));
    const double time_ms = e.time_s * 1e3;
    RONCHI_RETURN_IF_ERROR(control_.SetNumber("ACQUISITIONTIME", time_ms));
    RONCHI_RETURN_IF_ERROR(Pace(time_ms));
    return Trigger(e.frames);
  }

  absl::Status ConnectData() {
    const auto made = [&](const absl::Status& s) {
      if (s.ok()) return s;
      return MakeError({ErrorKind::kCommunication, Printable(std::string(s.message())),
                        "see that it runs and can be reached", Effect::kNone});
    };
    if (reader_.connected()) {
      const absl::Status s = reader_.Drain(wire::Stream::After(options_.answer_s));
      if (s.ok()) return s;
      reader_.Drop();  // a server that was started anew, say
      if (absl::IsResourceExhausted(s)) return made(Annotate(s, reader_.name()));
    }
    return made(reader_.Connect(options_.connect_s));
  }

  // Frames follow each other by the period, which cannot be shorter than their time.
  absl::Status Pace(double time_ms) {
    RONCHI_ASSIGN_OR_RETURN(const std::string text, control_.Get("ACQUISITIONPERIOD", ""));
    double period_ms = 0;
    const bool told = absl::SimpleAtod(text, &period_ms) && std::isfinite(period_ms);
    if (told && period_ms < time_ms) {
      RONCHI_RETURN_IF_ERROR(control_.SetNumber("ACQUISITIONPERIOD", time_ms));
    }
    period_s_ = std::max(told ? period_ms : 0, time_ms) * 1e-3;
    return absl::OkStatus();
  }

  absl::Status Trigger(size_t frames) {
    if (options_.trigger != MerlinTrigger::kAsItIs) {
      soft_ = options_.trigger == MerlinTrigger::kSoft;
      RONCHI_RETURN_IF_ERROR(control_.Set("TRIGGERSTART", soft_ ? kSoftTrigger : kInternalTrigger));
    } else {
      RONCHI_ASSIGN_OR_RETURN(const std::string start, control_.Get("TRIGGERSTART", "0"));
      soft_ = start == kSoftTrigger;
    }
    return soft_ ? control_.SetNumber("NUMFRAMESPERTRIGGER", double(frames)) : absl::OkStatus();
  }

  // What `get` gets of the reader before `within_s`; nothing: it was ended early.
  template <class Get>
  auto Wait(const ExposureWait& w, double within_s, const std::string& what, const Get& get) {
    return w.For(within_s, reader_.name(), what, get, [] { return absl::OkStatus(); });
  }

  absl::Status Acquire(const Expose& e, const ExposureWait& w) {
    // Not done where the server says so; unknown where it says nothing.
    RONCHI_RETURN_IF_ERROR(control_.Do("STARTACQUISITION"));
    RONCHI_ASSIGN_OR_RETURN(const auto header,
                            Wait(w, options_.frame_s, "header of an acquisition",
                                 [&](auto until) { return reader_.Begin(until); }));
    if (!header) return absl::OkStatus();
    if (header->frames != e.frames) {
      return PerhapsExposed(ErrorKind::kHardware,
                            absl::StrCat(reader_.name(), ": an acquisition of ", header->frames,
                                         " frames begins where ", e.frames, " were asked for"));
    }
    if (soft_) RONCHI_RETURN_IF_ERROR(control_.Do("SOFTTRIGGER"));
    w.reply().frames.reserve(e.frames);
    for (size_t i = 0; i < e.frames; ++i) {
      // Looked at for each frame, also where they come without a pause.
      if (w.Over()) return absl::OkStatus();
      RONCHI_ASSIGN_OR_RETURN(const auto frame,
                              Wait(w, period_s_ + options_.frame_s, absl::StrCat("frame ", i + 1),
                                   [&](auto until) { return reader_.Next(until); }));
      if (!frame) return absl::OkStatus();
      RONCHI_RETURN_IF_ERROR(Keep(*frame, &w.reply()));
    }
    return absl::OkStatus();
  }

  absl::Status Keep(const MerlinFrame& frame, Reply* reply) const {
    const wire::MibHeader& h = frame.header;
    if (h.width != camera().pixels_x || h.height != camera().pixels_y || h.counter != 0) {
      return PerhapsExposed(
          ErrorKind::kHardware,
          absl::StrCat(reader_.name(), ": a frame of ", h.width, " × ", h.height,
                       " pixels of counter ", h.counter, " where ", camera().pixels_x, " × ",
                       camera().pixels_y, " of counter 0 were described"));
    }
    reply->frames.push_back({options_.camera, Array<float>({h.height, h.width})});
    wire::PixelsToFloats(frame.pixels, h.pixel, reply->frames.back().counts.values());
    return absl::OkStatus();
  }

  const MerlinOptions options_;
  MerlinControl control_;
  FrameReader reader_;
  Description description_;
  const Clock::time_point opened_ = Clock::now();
  int depth_ = 0;
  double period_s_ = 0;
  bool soft_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeMerlin(const MerlinOptions& options) {
  auto merlin = std::make_unique<Merlin>(options);
  RONCHI_RETURN_IF_ERROR(merlin->Begin());
  return std::unique_ptr<Instrument>(std::move(merlin));
}

}  // namespace ronchi::hw
