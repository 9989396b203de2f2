#include "hw/drivers/de/de.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/drivers/de/describe.h"
#include "hw/drivers/de/scan_coils.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw::de {
namespace {

using Clock = wire::Stream::Clock;

constexpr auto kPoll = std::chrono::milliseconds(5);  // between questions whether it is done
constexpr const char* kScanEnable = "Scan - Enable";

double ElapsedSince(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

// Before anything was exposed, whatever was said on the wire.
absl::Status NotBegun(const absl::Status& s) {
  if (s.ok()) return s;
  Error e = ErrorOf(s);
  e.effect = Effect::kNone;
  return MakeError(e);
}

// Squares of pixels, summed: the camera's own binning is set at the server.
Array<float> Binned(const Array<float>& image, size_t binning) {
  if (binning == 1) return image;
  const size_t height = image.shape()[0] / binning, width = image.shape()[1] / binning;
  Array<float> binned({height, width});
  for (size_t y = 0; y < height * binning; ++y) {
    const float* row = image.data() + y * image.shape()[1];
    float* to = binned.data() + y / binning * width;
    for (size_t x = 0; x < width * binning; ++x) to[x / binning] += row[x];
  }
  return binned;
}

class De final : public Instrument {
 public:
  explicit De(const DeOptions& options) : options_(options), server_(options.server) {}

  absl::Status Begin() {
    RONCHI_ASSIGN_OR_RETURN(there_, DescribeDe(options_, &server_));
    return absl::OkStatus();
  }
  const Description& description() const override { return there_.description; }

 private:
  // One acquisition: what it brings and how long it takes.
  struct Acquisition {
    std::vector<std::pair<std::string, int>> results;  // our name of the detector, and the type
    size_t width = 0, height = 0;
    int64_t frames = 0;  // of the camera
    double time_s = 0;
    size_t binning = 1;
  };

  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override;
  absl::Status Do(const Expose& e, const ExecuteOptions& options, Reply* reply);
  absl::Status Do(const Scan& scan, const ExecuteOptions& options, Reply* reply);
  absl::Status CheckBytes(size_t frames, size_t pixels) const;
  absl::Status Ready(const ExecuteOptions& options);
  absl::StatusOr<int64_t> Pace(double time_s);
  absl::Status Restore(bool scanned);
  absl::Status SetRaster(const Scan& scan);
  absl::Status SetCoils(const Scan& scan);
  absl::Status Acquire(const Acquisition& a, size_t times, const ExecuteOptions& options,
                       Reply* reply);
  absl::Status Await(const Acquisition& a, const ExecuteOptions& options, Reply* reply);
  absl::Status Fetch(const Acquisition& a, Reply* reply);

  const DeOptions options_;
  DeServer server_;
  DeDescription there_;
  const Clock::time_point opened_ = Clock::now();
  // The last result: its acquisition and frames, and over which connection it came.
  std::optional<std::tuple<size_t, int64_t, int64_t>> last_;
};

absl::StatusOr<Reply> De::Run(const Command& command, const ExecuteOptions& options) {
  RONCHI_RETURN_IF_ERROR(CheckCommand(description(), command));
  const Clock::time_point start = Clock::now();
  Reply reply;
  reply.blanked = false;  // that is for the column to say
  absl::Status s = absl::OkStatus();
  if (const auto* expose = std::get_if<Expose>(&command)) {
    s = Do(*expose, options, &reply);
  } else if (const auto* scan = std::get_if<Scan>(&command)) {
    s = Do(*scan, options, &reply);
  } else {  // safe, abort
    s = server_.Stop();
  }
  RONCHI_RETURN_IF_ERROR(s);
  reply.elapsed_s = ElapsedSince(start);
  reply.time_s = ElapsedSince(opened_);
  return reply;
}

absl::Status De::CheckBytes(size_t frames, size_t pixels) const {
  if (frames <= options_.most_bytes / (pixels * sizeof(float))) return absl::OkStatus();
  return MakeError({ErrorKind::kOutOfLimits,
                    absl::StrCat(frames, " images of ", pixels, " pixels; allowed are ",
                                 options_.most_bytes, " bytes at once"),
                    "ask for fewer at a time"});
}

absl::Status De::Ready(const ExecuteOptions& options) {
  if (options.cancelled()) {
    return MakeError({ErrorKind::kCancelled, "cancelled before it began", ""});
  }
  RONCHI_ASSIGN_OR_RETURN(const bool runs, server_.Acquiring());
  if (runs) {
    return MakeError(
        {ErrorKind::kBusy, server_.name() + ": it acquires already", "wait, or stop what runs"});
  }
  // Dark and Gain would take references.
  return server_.Set("Exposure Mode", "Normal");
}

// Frames of the camera that together take that long, as few as its rate allows.
absl::StatusOr<int64_t> De::Pace(double time_s) {
  constexpr double kRounding = 1e-9;
  const double whole = std::ceil(time_s * there_.frames_per_second * (1 - kRounding));
  const int64_t frames = std::max<int64_t>(1, int64_t(std::min(whole, double(kMostWhole))));
  RONCHI_RETURN_IF_ERROR(
      server_.SetNumber("Frames Per Second", double(frames) / time_s, options_.time_tolerance)
          .status());
  // After the rate: some servers keep the exposure when it changes, and count anew.
  RONCHI_RETURN_IF_ERROR(server_.SetWhole("Frame Count", int32_t(frames)));
  return frames;
}

absl::Status De::Do(const Expose& e, const ExecuteOptions& options, Reply* reply) {
  const DetectorInfo& camera = description().detectors[0];
  RONCHI_RETURN_IF_ERROR(CheckBytes(e.frames, camera.pixels_x * camera.pixels_y));
  RONCHI_RETURN_IF_ERROR(NotBegun(Ready(options)));
  if (there_.scan) RONCHI_RETURN_IF_ERROR(NotBegun(server_.Set(kScanEnable, "Off")));
  auto frames = Pace(e.time_s);
  absl::Status done = NotBegun(frames.status());
  if (done.ok()) {
    done = Acquire({{{options_.camera, kSumTotal}},
                    camera.pixels_x,
                    camera.pixels_y,
                    *frames,
                    e.time_s,
                    e.binning},
                   e.frames, options, reply);
  }
  const absl::Status restored = Restore(false);
  RONCHI_RETURN_IF_ERROR(done);
  return restored;
}

// The rate as it stood: who opens the camera next takes it for the camera's own. After a scan it
// is over, too, so that the next exposure, whoever asks for it, is none of a scan.
absl::Status De::Restore(bool scanned) {
  const absl::Status off = scanned ? server_.Set(kScanEnable, "Off") : absl::OkStatus();
  const absl::Status rate =
      server_.SetNumber("Frames Per Second", there_.frames_per_second, options_.time_tolerance)
          .status();
  RONCHI_RETURN_IF_ERROR(off);
  if (rate.ok()) return rate;
  Error e = ErrorOf(rate);
  e.cause = "after it was exposed: " + e.cause;
  e.effect = Effect::kDone;
  return MakeError(e);
}

absl::Status De::SetCoils(const Scan& scan) {
  double full_m = options_.field_m;
  if (options_.field_at_magnification_1_m > 0) {
    RONCHI_ASSIGN_OR_RETURN(const double m, server_.Number("Instrument Project Magnification"));
    full_m = m > 0 ? options_.field_at_magnification_1_m / m : 0;
  }
  if (!there_.coils) {
    const double side_m = std::max(scan.fov_x_m, scan.fov_y_m);
    constexpr double kSameField = 1e-3;
    if (std::fabs(side_m - full_m) <= kSameField * full_m) return absl::OkStatus();
    return MakeError({ErrorKind::kOutOfLimits,
                      absl::StrFormat("a field of %g nm; this server scans %g nm alone",
                                      side_m * 1e9, full_m * 1e9),
                      "ask for that field"});
  }
  if (!(full_m > 0)) {
    return MakeError({ErrorKind::kImpossibleNow,
                      server_.name() + ": the magnification is 0, so the field is not known",
                      "set the magnification of the scan"});
  }
  RONCHI_ASSIGN_OR_RETURN(const ScanCoils coils, ScanCoilsOf(scan, full_m));
  const std::pair<const char*, double> settings[] = {{"Scan - Voltage H Min", coils.h_min_V},
                                                     {"Scan - Voltage H Max", coils.h_max_V},
                                                     {"Scan - Voltage V Min", coils.v_min_V},
                                                     {"Scan - Voltage V Max", coils.v_max_V},
                                                     {"Scan - Rotation", coils.rotation_deg}};
  for (const auto& [property, value] : settings) {
    RONCHI_RETURN_IF_ERROR(server_.SetNumber(property, value, 0).status());
  }
  return absl::OkStatus();
}

absl::Status De::SetRaster(const Scan& scan) {
  RONCHI_RETURN_IF_ERROR(SetCoils(scan));
  RONCHI_RETURN_IF_ERROR(
      server_.SetNumber("Frames Per Second", 1 / scan.dwell_s, options_.time_tolerance).status());
  RONCHI_RETURN_IF_ERROR(server_.SetWhole("Scan - Size X", int32_t(scan.pixels_x)));
  RONCHI_RETURN_IF_ERROR(server_.SetWhole("Scan - Size Y", int32_t(scan.pixels_y)));
  RONCHI_RETURN_IF_ERROR(server_.SetWhole("Scan - Camera Frames Per Point", 1));
  RONCHI_RETURN_IF_ERROR(server_.SetWhole("Scan - Repeats", 1));
  RONCHI_RETURN_IF_ERROR(server_.Set("Scan - Type", "Raster"));
  RONCHI_RETURN_IF_ERROR(server_.Set("Scan - ROI Enable", "Off"));
  return server_.Set(kScanEnable, "On");
}

absl::Status De::Do(const Scan& scan, const ExecuteOptions& options, Reply* reply) {
  const size_t points = scan.pixels_x * scan.pixels_y;
  RONCHI_RETURN_IF_ERROR(CheckBytes(scan.frames * scan.detectors.size(), points));
  RONCHI_RETURN_IF_ERROR(NotBegun(Ready(options)));
  Acquisition a = {
      {}, scan.pixels_x, scan.pixels_y, int64_t(points), scan.dwell_s * double(points)};
  for (const std::string& name : scan.detectors)
    a.results.push_back({name, there_.scanned.at(name)});
  absl::Status s = NotBegun(SetRaster(scan));
  if (s.ok()) s = Acquire(a, scan.frames, options, reply);
  const absl::Status restored = Restore(true);
  RONCHI_RETURN_IF_ERROR(s);
  return restored;
}

absl::Status De::Acquire(const Acquisition& a, size_t times, const ExecuteOptions& options,
                         Reply* reply) {
  const Clock::time_point start = Clock::now();
  absl::Status s = absl::OkStatus();
  for (size_t i = 0; s.ok() && i < times; ++i) {
    if (options.cancelled()) reply->ended = Ended::kCancelled;
    if (ElapsedSince(start) + a.time_s > options.timeout_s) reply->ended = Ended::kTimeout;
    if (reply->ended != Ended::kComplete) break;
    s = server_.Start();
    if (s.ok()) s = Await(a, options, reply);
    if (s.ok() && reply->ended == Ended::kComplete) s = Fetch(a, reply);
  }
  if (s.ok() && reply->ended == Ended::kComplete) return s;
  // What runs on would be taken for the next one.
  const absl::Status stopped = server_.Stop();
  return s.ok() ? stopped : s;
}

absl::Status De::Await(const Acquisition& a, const ExecuteOptions& options, Reply* reply) {
  const auto until = wire::Stream::After(a.time_s + options_.late_s);
  for (;;) {
    RONCHI_ASSIGN_OR_RETURN(const bool runs, server_.Acquiring());
    if (!runs) return absl::OkStatus();
    if (options.cancelled()) {
      reply->ended = Ended::kCancelled;
      return absl::OkStatus();
    }
    if (Clock::now() >= until) {
      return MakeError({ErrorKind::kTimeout,
                        absl::StrFormat("%s acquires on, %g s after an acquisition of %g s began",
                                        server_.name(), a.time_s + options_.late_s, a.time_s),
                        "give late_s more time", Effect::kDone});
    }
    std::this_thread::sleep_for(kPoll);
  }
}

absl::Status De::Fetch(const Acquisition& a, Reply* reply) {
  std::optional<std::tuple<size_t, int64_t, int64_t>> now;
  for (const auto& [name, type] : a.results) {
    RONCHI_ASSIGN_OR_RETURN(wire::DeImage image, server_.Result(type, options_.late_s));
    const auto wrong = [&, &name = name](const std::string& why) {
      return MakeError({ErrorKind::kDataLoss, absl::StrCat(server_.name(), ": ", name, ": ", why),
                        "expose again where the specimen bears it", Effect::kDone});
    };
    const auto& shape = image.counts.shape();
    if (shape[0] != a.height || shape[1] != a.width) {
      return wrong(absl::StrCat("an image of ", shape[1], " × ", shape[0], " pixels where ",
                                a.width, " × ", a.height, " were due"));
    }
    now = std::tuple(server_.links(), image.acquisition, image.frames);
    if (options_.numbered_results && image.frames < a.frames) {
      return wrong(
          absl::StrCat("a result of ", image.frames, " frames where ", a.frames, " were due"));
    }
    if (options_.numbered_results && now == last_) {
      return wrong(
          absl::StrCat("the result is the one before, of acquisition ", image.acquisition));
    }
    reply->frames.push_back({name, Binned(image.counts, a.binning)});
  }
  last_ = now;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Instrument>> MakeDe(const DeOptions& options) {
  auto made = std::make_unique<De>(options);
  RONCHI_RETURN_IF_ERROR(made->Begin());
  return std::unique_ptr<Instrument>(std::move(made));
}

}  // namespace ronchi::hw::de
