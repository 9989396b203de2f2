#include "hw/drivers/tango/tango.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/drivers/tango/corrector.h"
#include "hw/drivers/tango/describe.h"
#include "hw/drivers/tango/images.h"
#include "hw/drivers/tango/knobs.h"
#include "hw/instrument/cost.h"
#include "hw/instrument/description_check.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

using wire::TangoValue;

// What is read back of a field, a dwell time, a region may be rounded by the other side.
constexpr double kTangoRounding = 1e-6;
constexpr char kTellsBlanked[] = "get_beam_blanked";  // Ronchi's own; asyncroscopy has none
constexpr char kNoMorePlaces[] =
    "its server is known to answer no more after many place_beam: restart it, and blank before";

class Tango final : public Instrument {
 public:
  Tango(const TangoOptions& options, const TangoOpener& open)
      : options_(options),
        parts_(options_, open),
        images_(options_, &parts_.microscope),
        knobs_(options_, &parts_.microscope) {}
  ~Tango() override {
    if (!description_.id.empty() && Has("blank_beam")) (void)BlankNow();
  }

  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(traits_, DescribeTango(options_, &parts_));
    RONCHI_RETURN_IF_ERROR(parts_.blanker.Commands().status());  // connected before it is needed
    if (parts_.corrector) {
      auto corrector =
          ceos::MakeCeos(MakeTangoCorrector(parts_.corrector.get()), options_.corrector);
      if (!corrector.ok()) {
        Error e = ErrorOf(corrector.status());
        e.remedy += "; devices: {corrector: none} leaves it out";
        return MakeError(e);
      }
      corrector_ = *std::move(corrector);
      const Description& c = corrector_->description();
      auto& properties = traits_.description.properties;
      properties.insert(properties.end(), c.properties.begin(), c.properties.end());
      traits_.description.measurements = c.measurements;
    }
    RONCHI_RETURN_IF_ERROR(CheckDescription(traits_.description));
    description_ = traits_.description;
    knobs_.Describe(description_, traits_.stage_si);
    return absl::OkStatus();
  }
  const Description& description() const override { return description_; }
  // Its server does it after what runs there, unless it takes commands side by side.
  absl::Status BlankNow() override {
    const std::lock_guard<std::mutex> lock(blanking_);
    const absl::Status s = BlankBy(&parts_.blanker);
    if (s.ok() || ErrorOf(s).kind != ErrorKind::kCommunication) return s;
    return BlankBy(&parts_.blanker);  // the link had ended unseen: over a new one
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double Since(Clock::time_point t) {
    return std::chrono::duration<double>(Clock::now() - t).count();
  }
  bool Has(const char* command) const { return traits_.commands.contains(command); }
  absl::Status BlankBy(TangoPart* part);
  absl::StatusOr<bool> Blanked(TangoPart* part);

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override;
  absl::Status Do(const Read& read, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Set& set, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Scan& scan, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Park& park, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Expose& expose, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Measure& measure, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Blank&, const ExecuteOptions&, Reply*) {
    return BlankBy(&parts_.microscope);
  }
  absl::Status Do(const Safe&, const ExecuteOptions& o, Reply* r) { return Do(Blank{}, o, r); }
  absl::Status Do(const Unblank&, const ExecuteOptions&, Reply*);
  absl::Status Do(const Abort&, const ExecuteOptions&, Reply*) {
    return MakeError({ErrorKind::kCannot, "asyncroscopy ends nothing early", "blank"});
  }

  bool IsOfCorrector(const std::string& property) const {
    return corrector_ && corrector_->description().FindProperty(property);
  }
  absl::Status NeedBeam();
  absl::Status SetAttribute(TangoPart* part, const std::string& name, const TangoValue& to);
  absl::Status PrepareScan(const Scan& scan);
  absl::Status Place(double x_m, double y_m);
  absl::Status Count(double seconds, double area_m2, Reply* reply);

  const TangoOptions options_;
  TangoParts parts_;
  TangoImages images_;
  TangoKnobs knobs_;
  TangoTraits traits_;
  Description description_;
  std::unique_ptr<Instrument> corrector_;
  const Clock::time_point began_ = Clock::now();
  double time_s_ = 0;                  // of the last reply
  std::atomic<bool> blanked_ = false;  // by us, as far as it answered; not known at first
  std::mutex blanking_;                // of parts_.blanker
};

absl::StatusOr<bool> Tango::Blanked(TangoPart* part) {
  if (!Has(kTellsBlanked)) return blanked_.load();
  RONCHI_ASSIGN_OR_RETURN(const TangoValue value, part->Command(kTellsBlanked));
  if (const bool* blanked = std::get_if<bool>(&value)) return *blanked;
  return part->Nonsense(kTellsBlanked, "neither true nor false, but " + wire::TangoKindOf(value));
}

absl::Status Tango::BlankBy(TangoPart* part) {
  // A server that is busy with an exposure refuses after some seconds, and blanks nothing later on.
  const Clock::time_point start = Clock::now();
  absl::Status s = part->Command("blank_beam").status();
  while (!s.ok() && ErrorOf(s).kind == ErrorKind::kBusy && Since(start) < options_.blank_s) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    s = part->Command("blank_beam").status();
  }
  RONCHI_RETURN_IF_ERROR(s);
  blanked_ = true;
  RONCHI_ASSIGN_OR_RETURN(const bool blanked, Blanked(part));
  if (blanked) return absl::OkStatus();
  blanked_ = false;
  return MakeError({ErrorKind::kHardware, part->url() + ": the beam is not blanked after a blank",
                    "close the column valves", Effect::kPerhaps});
}

absl::Status Tango::Do(const Unblank&, const ExecuteOptions&, Reply*) {
  blanked_ = false;  // as soon as it is asked for
  const absl::Status s = parts_.microscope.Command("unblank_beam").status();
  blanked_ = false;  // a blank on another thread may have been answered before
  return s;
}

absl::StatusOr<Reply> Tango::Run(const Command& command, const ExecuteOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckCommand(description_, command));
  const Clock::time_point start = Clock::now();
  Reply reply;
  RONCHI_RETURN_IF_ERROR(
      std::visit([&](const auto& verb) { return Do(verb, options, &reply); }, command));
  RONCHI_ASSIGN_OR_RETURN(reply.blanked, Blanked(&parts_.microscope));
  // What simulates answers sooner than its electrons would have taken.
  const double least_s = time_s_ + reply.elapsed_s;
  reply.time_s = time_s_ = std::max(Since(began_), least_s);
  reply.elapsed_s = std::max(Since(start), reply.elapsed_s);
  for (Reading& r : reply.readings) r.time_s = reply.time_s;
  return reply;
}

absl::Status Tango::Do(const Read& read, const ExecuteOptions&, Reply* reply) {
  std::vector<std::string> ours;
  for (const std::string& name : read.properties) {
    if (!IsOfCorrector(name)) ours.push_back(name);
  }
  RONCHI_ASSIGN_OR_RETURN(const std::vector<Reading> readings, knobs_.ReadAll(ours));
  auto next = readings.begin();
  for (const std::string& name : read.properties) {
    if (!IsOfCorrector(name)) {
      reply->readings.push_back(*next++);
      continue;
    }
    RONCHI_ASSIGN_OR_RETURN(const Reply theirs, corrector_->Execute(Read{{name}}));
    reply->readings.push_back(theirs.readings.at(0));
  }
  return absl::OkStatus();
}

absl::Status Tango::Do(const Set& set, const ExecuteOptions& options, Reply* reply) {
  if (IsOfCorrector(set.property)) {
    RONCHI_ASSIGN_OR_RETURN(const Reply theirs, corrector_->Execute(set, options));
    reply->readings = theirs.readings;
    return absl::OkStatus();
  }
  RONCHI_ASSIGN_OR_RETURN(Reading reading, knobs_.Drive(set, options.timeout_s));
  reply->readings.push_back(std::move(reading));
  return absl::OkStatus();
}

absl::Status Tango::NeedBeam() {
  RONCHI_ASSIGN_OR_RETURN(const bool blanked, Blanked(&parts_.microscope));
  if (!blanked) return absl::OkStatus();
  return MakeError({ErrorKind::kImpossibleNow, "the beam is blanked", "unblank"});
}

// `to`: a number or numbers. Read back before the beam is on.
absl::Status Tango::SetAttribute(TangoPart* part, const std::string& name, const TangoValue& to) {
  RONCHI_RETURN_IF_ERROR(part->Write(name, to));
  RONCHI_ASSIGN_OR_RETURN(const TangoValue at, part->Read(name));
  std::vector<double> target, back;
  if (const auto* many = std::get_if<std::vector<double>>(&to)) {
    target = *many;
    RONCHI_ASSIGN_OR_RETURN(back, part->NumbersOf(name, at, target.size()));
  } else {
    RONCHI_ASSIGN_OR_RETURN(const double t, part->NumberOf(name, to));
    RONCHI_ASSIGN_OR_RETURN(const double b, part->NumberOf(name, at));
    target = {t};
    back = {b};
  }
  for (size_t i = 0; i < target.size(); ++i) {
    if (std::fabs(back[i] - target[i]) <= kTangoRounding * std::fabs(target[i])) continue;
    return MakeError({ErrorKind::kOutOfTolerance,
                      absl::StrFormat("%s: %s stands at %g instead of %g", part->url(), name,
                                      back[i], target[i]),
                      "ask for what it can do", Effect::kNone});
  }
  return absl::OkStatus();
}

absl::Status Tango::PrepareScan(const Scan& scan) {
  RONCHI_RETURN_IF_ERROR(parts_.microscope.Command("set_fov", scan.fov_x_m).status());
  RONCHI_ASSIGN_OR_RETURN(const double fov_m, parts_.microscope.Number("get_fov"));
  if (!(std::fabs(fov_m / scan.fov_x_m - 1) <= kTangoRounding)) {
    return MakeError({ErrorKind::kOutOfTolerance,
                      absl::StrFormat("%s: the field stands at %g m instead of %g m",
                                      parts_.microscope.url(), fov_m, scan.fov_x_m),
                      "ask for what it can do", Effect::kNone});
  }
  TangoPart* const device = parts_.scan.get();
  RONCHI_RETURN_IF_ERROR(SetAttribute(device, "dwell_time", scan.dwell_s / traits_.dwell_si));
  RONCHI_RETURN_IF_ERROR(SetAttribute(device, "imsize", int64_t(scan.pixels_x)));
  // All of the field: left, top, width, height.
  return SetAttribute(device, "scan_region", std::vector<double>{0, 0, 1, 1});
}

absl::Status Tango::Count(double seconds, double area_m2, Reply* reply) {
  RONCHI_ASSIGN_OR_RETURN(const double current_A, knobs_.Current());
  reply->electrons = current_A / kElementaryCharge_C * seconds;
  if (area_m2 > 0) reply->dose_e_per_m2 = reply->electrons / area_m2;
  reply->elapsed_s = seconds;
  return absl::OkStatus();
}

absl::Status Tango::Do(const Scan& scan, const ExecuteOptions& options, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(NeedBeam());
  RONCHI_RETURN_IF_ERROR(PrepareScan(scan));
  RONCHI_RETURN_IF_ERROR(knobs_.Current().status());  // before the beam is used
  std::vector<std::string> theirs;
  for (const std::string& name : scan.detectors) theirs.push_back(traits_.detectors.at(name));
  const double frame_s = scan.dwell_s * double(scan.pixels_x * scan.pixels_y);
  const std::string acquire = "acquire_scanned_image";
  size_t frames = 0;
  for (; frames < scan.frames; ++frames) {
    if (options.cancelled()) reply->ended = Ended::kCancelled;
    if (double(frames + 1) * frame_s > options.timeout_s) reply->ended = Ended::kTimeout;
    if (reply->ended != Ended::kComplete) break;
    RONCHI_ASSIGN_OR_RETURN(
        const TangoValue answer,
        parts_.microscope.Command(acquire, theirs, 2 * frame_s + options_.acquire_s));
    RONCHI_ASSIGN_OR_RETURN(
        auto images, images_.Of(acquire, answer, theirs.size(), scan.pixels_y, scan.pixels_x));
    for (size_t i = 0; i < images.size(); ++i) {
      reply->frames.push_back({scan.detectors[i], std::move(images[i])});
    }
  }
  return Count(frame_s * double(frames), ScanArea_m2(scan, ProbeSize_m(description_)), reply);
}

// In parts of the field from its upper left corner.
absl::Status Tango::Place(double x_m, double y_m) {
  RONCHI_ASSIGN_OR_RETURN(const double fov_m, parts_.microscope.Number("get_fov"));
  const std::vector<double> at = {x_m / fov_m + 0.5, y_m / fov_m + 0.5};
  for (const double part : at) {
    if (part >= 0 && part <= 1) continue;
    return MakeError(
        {ErrorKind::kOutOfLimits,
         absl::StrFormat("(%g, %g) m is outside of the field of %g m", x_m, y_m, fov_m),
         "set scan.fov, or stay inside"});
  }
  const absl::Status s = parts_.microscope.Command("place_beam", at).status();
  if (s.ok()) return s;
  Error e = ErrorOf(s);
  if (e.kind == ErrorKind::kTimeout) e.remedy = kNoMorePlaces;
  return MakeError(e);
}

absl::Status Tango::Do(const Park& park, const ExecuteOptions& options, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(NeedBeam());
  RONCHI_RETURN_IF_ERROR(knobs_.Current().status());
  RONCHI_RETURN_IF_ERROR(Place(park.x_m, park.y_m));
  const Clock::time_point start = Clock::now();
  const double until_s = std::min(park.duration_s, options.timeout_s);
  while (Since(start) < until_s && !options.cancelled()) {
    const double left_s = std::min(0.01, until_s - Since(start));
    std::this_thread::sleep_for(std::chrono::duration<double>(std::max(0.0, left_s)));
  }
  const double stood_s = Since(start);
  if (stood_s < park.duration_s) {
    reply->ended = options.cancelled() ? Ended::kCancelled : Ended::kTimeout;
  }
  const double side_m = ProbeSize_m(description_);
  return Count(stood_s, side_m * side_m, reply);
}

absl::Status Tango::Do(const Expose& e, const ExecuteOptions& options, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(NeedBeam());
  RONCHI_RETURN_IF_ERROR(knobs_.Current().status());
  const DetectorInfo& camera = *description_.FindDetector(e.camera);
  if (e.binning != 1 && !traits_.has_binning) {
    return MakeError({ErrorKind::kCannot, e.camera + " has no binning", "leave it at 1"});
  }
  TangoPart* const device = parts_.camera.get();
  RONCHI_RETURN_IF_ERROR(
      SetAttribute(device, options_.camera.time, e.time_s / traits_.exposure_si));
  if (traits_.has_binning) {
    RONCHI_RETURN_IF_ERROR(SetAttribute(device, options_.camera.binning, int64_t(e.binning)));
  }
  RONCHI_RETURN_IF_ERROR(Place(e.x_m, e.y_m));
  const std::string acquire = "acquire_camera_image";
  const size_t side = std::max<size_t>(1, camera.pixels_x / e.binning);
  size_t frames = 0;
  for (; frames < e.frames; ++frames) {
    if (options.cancelled()) reply->ended = Ended::kCancelled;
    if (double(frames + 1) * e.time_s > options.timeout_s) reply->ended = Ended::kTimeout;
    if (reply->ended != Ended::kComplete) break;
    RONCHI_ASSIGN_OR_RETURN(
        const TangoValue answer,
        parts_.microscope.Command(acquire, {}, 2 * e.time_s + options_.acquire_s));
    RONCHI_ASSIGN_OR_RETURN(auto images, images_.Of(acquire, answer, 1, side, side));
    reply->frames.push_back({e.camera, std::move(images[0])});
  }
  const double side_m = ProbeSize_m(description_);
  return Count(e.time_s * double(frames), side_m * side_m, reply);
}

absl::Status Tango::Do(const Measure& measure, const ExecuteOptions& options, Reply* reply) {
  RONCHI_RETURN_IF_ERROR(NeedBeam());
  RONCHI_RETURN_IF_ERROR(knobs_.Current().status());
  const MeasurementInfo& info = *description_.FindMeasurement(measure.what);
  RONCHI_ASSIGN_OR_RETURN(Reply theirs, corrector_->Execute(measure, options));
  reply->estimates = std::move(theirs.estimates);
  return Count(std::max(info.beam_on_s, theirs.elapsed_s), info.fov_m * info.fov_m, reply);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeTango(const TangoOptions& options,
                                                      const TangoOpener& open) {
  auto column = std::make_unique<Tango>(options, open);
  RONCHI_RETURN_IF_ERROR(column->Begin());
  return std::unique_ptr<Instrument>(std::move(column));
}

absl::StatusOr<std::unique_ptr<Instrument>> MakeTango(const TangoOptions& options) {
  RONCHI_ASSIGN_OR_RETURN(const wire::TangoLibrary* const library, wire::LoadTangoLibrary());
  const wire::Address server = options.server;
  return MakeTango(
      options,
      [library, server](const std::string& url,
                        double within_s) -> absl::StatusOr<std::unique_ptr<wire::TangoDevice>> {
        // libtango waits long for somebody who is not there.
        if (const auto there = wire::Dial(server, within_s); !there.ok()) {
          return MakeError({ErrorKind::kCommunication,
                            absl::StrCat(server.name, ": ", std::string(there.status().message())),
                            "see that its server runs and can be reached", Effect::kNone});
        }
        return library->open(url, within_s);
      });
}

}  // namespace ronchi::hw
