#include "hw/drivers/dectris/dectris.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "core/background.h"
#include "core/printable.h"
#include "hw/drivers/camera_exposure.h"
#include "hw/drivers/dectris/simplon.h"
#include "hw/drivers/dectris/stream_reader.h"
#include "hw/instrument/capability.h"
#include "hw/instrument/description_check.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw::dectris {
namespace {

using Clock = SimplonReader::Clock;

// Triggers beside the reading of the images: a command of SIMPLON's that does not return before its
// exposure has ended.
class Triggering {
 public:
  Triggering(const Simplon* simplon, size_t times, double within_s)
      : thread_([=, this] {
          for (size_t i = 0; i < times && !stop_; ++i) {
            const auto done = simplon->Do("trigger", within_s);
            if (!done.ok()) {
              status_ = done.status();
              failed_ = true;
              return;
            }
          }
        }) {}
  ~Triggering() { stop_ = true; }
  bool failed() const { return failed_; }
  const absl::Status& status() const { return status_; }  // once it has failed

 private:
  absl::Status status_;
  std::atomic<bool> stop_ = false, failed_ = false;
  Background thread_;  // last: it uses all of these
};

class Dectris final : public Instrument {
 public:
  explicit Dectris(const DectrisOptions& options)
      : options_(options), simplon_(options.address, options.api, options.answer_s) {}

  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(const std::string state, simplon_.State());
    if (state == "na" || state == "error") {
      return MakeError({ErrorKind::kImpossibleNow,
                        absl::StrCat(simplon_.name(), ": the detector's state is ", state),
                        "initialise it by the vendor's software", Effect::kNone});
    }
    RONCHI_ASSIGN_OR_RETURN(const size_t width, simplon_.Whole("detector", "x_pixels_in_detector"));
    RONCHI_ASSIGN_OR_RETURN(const size_t height,
                            simplon_.Whole("detector", "y_pixels_in_detector"));
    RONCHI_ASSIGN_OR_RETURN(const size_t depth, simplon_.Whole("detector", "bit_depth_image"));
    RONCHI_ASSIGN_OR_RETURN(const Simplon::Setting time, simplon_.Get("detector", "count_time"));
    const auto side = [](size_t n) { return n >= 1 && n <= wire::kMostSimplonSide; };
    if (!side(width) || !side(height) || (depth != 8 && depth != 16 && depth != 32)) {
      return MakeError({ErrorKind::kHardware,
                        absl::StrCat(simplon_.name(), ": images of ", width, " × ", height,
                                     " pixels and ", depth, " bits; allowed are sides of 1 … ",
                                     wire::kMostSimplonSide, " and 8, 16 or 32 bits"),
                        "see what the detector is set to", Effect::kNone});
    }
    Describe(width, height, depth, time);
    RONCHI_RETURN_IF_ERROR(CheckDescription(description_));
    reader_.emplace(options_.stream,
                    SimplonReaderOptions{.cbor = options_.cbor,
                                         .channel = options_.channel,
                                         .frame_bytes = width * height * depth / 8});
    return absl::OkStatus();
  }

  const Description& description() const override { return description_; }

 private:
  void Describe(size_t width, size_t height, size_t depth, const Simplon::Setting& time) {
    description_.id = "dectris:" + options_.camera;
    description_.model = absl::StrCat("DECTRIS, ", width, " × ", height, " pixels of ", depth,
                                      " bits, at ", simplon_.name());
    for (const std::string& name : CapabilityNames()) {
      const bool can = name == "expose" || name == "safe" || name == "abort" || name == "cancel";
      if (!can) description_.cannot.push_back(name);
    }
    description_.detectors.push_back({.name = options_.camera,
                                      .outer_rad = options_.pixel_rad * double(width) / 2,
                                      // All bits set mark a pixel that was not measured.
                                      .saturation_counts = std::exp2(depth) - 2,
                                      .kind = DetectorKind::kCamera,
                                      .pixels_x = width,
                                      .pixels_y = height,
                                      .pixel_rad = options_.pixel_rad,
                                      .min_dwell_s = std::max(0.0, time.min),
                                      .max_dwell_s = time.max});
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
      RONCHI_RETURN_IF_ERROR(simplon_.Do("abort").status());
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
    const bool whole = s.ok() && w.reply().ended == Ended::kComplete;
    if (!whole) (void)simplon_.Do("abort");
    triggering_.reset();  // which `abort` makes come back
    return s;             // images still on their way are of another series than the next
  }

  // Whatever can be found to be wrong is found before the detector counts.
  absl::Status Prepare(const Expose& e) {
    RONCHI_ASSIGN_OR_RETURN(const std::string state, simplon_.State());
    if (!state.empty() && state != "idle") {
      return MakeError(
          {state == "na" || state == "error" ? ErrorKind::kImpossibleNow : ErrorKind::kBusy,
           absl::StrCat(simplon_.name(), ": the detector's state is ", Printable(state)),
           "wait, or stop what runs"});
    }
    RONCHI_RETURN_IF_ERROR(ConnectStream());
    trigger_ = options_.trigger;
    if (trigger_.empty()) {
      RONCHI_ASSIGN_OR_RETURN(trigger_, simplon_.Text("detector", "trigger_mode"));
    } else {
      RONCHI_RETURN_IF_ERROR(simplon_.Set("detector", "trigger_mode", trigger_));
    }
    if (!options_.compression.empty()) {
      RONCHI_RETURN_IF_ERROR(simplon_.Set("detector", "compression", options_.compression));
    }
    // A series of images after one trigger, or a trigger for each.
    const bool series = trigger_.ends_with("s");
    RONCHI_RETURN_IF_ERROR(simplon_.Set("detector", "nimages", series ? e.frames : 1));
    RONCHI_RETURN_IF_ERROR(simplon_.Set("detector", "ntrigger", series ? 1 : e.frames));
    RONCHI_RETURN_IF_ERROR(simplon_.Set("detector", "count_time", e.time_s));
    // Images follow each other by this, which cannot be shorter than their time.
    RONCHI_ASSIGN_OR_RETURN(period_s_, simplon_.Number("detector", "frame_time"));
    if (period_s_ < e.time_s) {
      RONCHI_RETURN_IF_ERROR(simplon_.Set("detector", "frame_time", e.time_s));
      period_s_ = e.time_s;
    }
    return absl::OkStatus();
  }

  absl::Status ConnectStream() {
    RONCHI_RETURN_IF_ERROR(simplon_.Set("stream", "mode", "enabled"));
    if (options_.cbor) RONCHI_RETURN_IF_ERROR(simplon_.Set("stream", "format", "cbor"));
    absl::Status s = reader_->Drain(wire::Stream::After(options_.answer_s));
    if (s.ok()) s = reader_->Connect(wire::Stream::After(options_.answer_s));
    if (s.ok()) return s;
    reader_->Drop();
    return MakeError({ErrorKind::kCommunication,
                      absl::StrCat(reader_->name(), ": ", Printable(std::string(s.message()))),
                      "see that it runs and can be reached", Effect::kNone});
  }

  // The number of the series that begins.
  absl::StatusOr<uint64_t> Arm() {
    RONCHI_ASSIGN_OR_RETURN(const nlohmann::json answer, simplon_.Do("arm", options_.arm_s));
    const auto series = answer.is_object() ? answer.find("sequence id") : answer.end();
    if (answer.is_object() && series != answer.end() && series->is_number_unsigned()) {
      return series->get<uint64_t>();
    }
    return MakeError({ErrorKind::kHardware,
                      absl::StrCat(simplon_.name(), ": arm is answered by no sequence id: ",
                                   Printable(answer.dump()).substr(0, 200)),
                      "look at the detector's control unit", Effect::kNone});
  }

  // What `get` gets of the reader before `within_s`; nothing: it was ended early.
  template <class Get>
  auto Wait(const ExposureWait& w, double within_s, const std::string& what, const Get& get) {
    return w.For(within_s, reader_->name(), what, get, [&] {
      return triggering_ && triggering_->failed() ? triggering_->status() : absl::OkStatus();
    });
  }

  absl::Status Acquire(const Expose& e, const ExposureWait& w) {
    RONCHI_ASSIGN_OR_RETURN(const uint64_t series, Arm());
    RONCHI_ASSIGN_OR_RETURN(const bool begun,
                            Wait(w, options_.frame_s, "start of the series",
                                 [&](auto until) { return reader_->Begin(series, until); }));
    if (!begun) return absl::OkStatus();
    if (trigger_.starts_with("int")) {
      const bool one = trigger_ == "ints";
      const double lasts_s = period_s_ * double(one ? e.frames : 1);
      triggering_.emplace(&simplon_, one ? 1 : e.frames, lasts_s + options_.frame_s);
    }
    w.reply().frames.reserve(e.frames);
    for (size_t i = 0; i < e.frames; ++i) {
      // Looked at for each image, also where they come without a pause.
      if (w.Over()) return absl::OkStatus();
      RONCHI_ASSIGN_OR_RETURN(const auto image,
                              Wait(w, period_s_ + options_.frame_s, absl::StrCat("image ", i),
                                   [&](auto until) { return reader_->Next(until); }));
      if (!image) return absl::OkStatus();
      RONCHI_RETURN_IF_ERROR(Keep(*image, &w.reply()));
    }
    RONCHI_ASSIGN_OR_RETURN(const bool ended,
                            Wait(w, options_.frame_s, "end of the series",
                                 [&](auto until) { return reader_->End(until); }));
    if (!ended) return absl::OkStatus();
    return simplon_.Do("disarm").status();
  }

  absl::Status Keep(const wire::SimplonImage& image, Reply* reply) {
    if (image.width != camera().pixels_x || image.height != camera().pixels_y) {
      return PerhapsExposed(ErrorKind::kHardware,
                            absl::StrCat(reader_->name(), ": an image of ", image.width, " × ",
                                         image.height, " pixels where ", camera().pixels_x, " × ",
                                         camera().pixels_y, " were described"));
    }
    Array<float> counts({image.height, image.width});
    const absl::Status s = pixels_.Decode(image, std::span(counts.data(), counts.size()));
    if (!s.ok()) return FrameError(reader_->name(), s);
    reply->frames.push_back({camera().name, std::move(counts)});
    return absl::OkStatus();
  }

  const DectrisOptions options_;
  const Simplon simplon_;
  const Clock::time_point opened_ = Clock::now();
  Description description_;
  std::optional<SimplonReader> reader_;
  wire::SimplonPixels pixels_;
  std::string trigger_;
  double period_s_ = 0;
  std::optional<Triggering> triggering_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeDectris(const DectrisOptions& options) {
  auto dectris = std::make_unique<Dectris>(options);
  RONCHI_RETURN_IF_ERROR(dectris->Begin());
  return std::unique_ptr<Instrument>(std::move(dectris));
}

}  // namespace ronchi::hw::dectris
