#include "hw/instrument/reply_check.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/printable.h"
#include "hw/instrument/validate.h"

namespace ronchi::hw {
namespace {

using Shape = std::vector<size_t>;

Shape CameraShape(const DetectorInfo& camera, size_t binning) {
  if (camera.kind == DetectorKind::kScanned) return {};
  // How a camera rounds a last row that is not whole is its own matter.
  const auto binned = [&](size_t n) { return binning > 1 ? 0 : n; };
  if (camera.kind == DetectorKind::kSpectrum) return {binned(camera.pixels_x)};
  return {binned(camera.pixels_y), binned(camera.pixels_x)};
}

absl::Status DoesNotFit(const std::string& what) { return absl::InvalidArgumentError(what); }

std::string ShapeText(const Shape& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

bool Fits(const Shape& shape, const Shape& asked) {
  if (shape.size() != asked.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (asked[i] != 0 && shape[i] != asked[i]) return false;
  }
  return true;
}

absl::Status CheckReadings(const Description& d, const Command& command, const Reply& reply) {
  std::vector<std::string> asked;
  if (const auto* read = std::get_if<Read>(&command)) asked = read->properties;
  if (const auto* set = std::get_if<Set>(&command)) asked = {set->property};
  if (reply.readings.size() != asked.size()) {
    return DoesNotFit(
        absl::StrCat(reply.readings.size(), " readings where ", asked.size(), " were asked for"));
  }
  for (size_t i = 0; i < asked.size(); ++i) {
    const Reading& r = reply.readings[i];
    if (r.property != asked[i])
      return DoesNotFit(absl::StrCat(asked[i], " is answered by ", r.property));
    if (r.value.dimension != d.FindProperty(asked[i])->dimension) {
      return DoesNotFit(absl::StrCat(asked[i], " is answered with a ",
                                     std::string(DimensionName(r.value.dimension))));
    }
  }
  const auto* set = std::get_if<Set>(&command);
  if (!set) return absl::OkStatus();
  const double target = set->relative ? reply.readings[0].value.si : set->value.si;
  return CheckReadBack(*d.FindProperty(set->property), *set, target, reply.readings[0].value.si);
}

absl::Status CheckFrames(const Description& d, const Command& command, const Reply& reply) {
  const std::vector<Shape> asked = FrameShapes(d, command);
  // Of what was ended early the first ones may be all that there are.
  const bool early = reply.ended != Ended::kComplete && reply.frames.size() < asked.size();
  if (reply.frames.size() != asked.size() && !early) {
    return DoesNotFit(
        absl::StrCat(reply.frames.size(), " frames where ", asked.size(), " were asked for"));
  }
  const auto* scan = std::get_if<Scan>(&command);
  const auto* expose = std::get_if<Expose>(&command);
  for (size_t i = 0; i < reply.frames.size(); ++i) {
    const Frame& f = reply.frames[i];
    const std::string& detector =
        scan ? scan->detectors[i % scan->detectors.size()] : expose->camera;
    if (f.detector != detector) {
      return DoesNotFit(absl::StrCat("frame ", i, " is of '", f.detector, "', not of ", detector));
    }
    if (!Fits(f.counts.shape(), asked[i])) {
      return DoesNotFit(absl::StrCat("frame ", i, " of ", detector, " has the shape ",
                                     ShapeText(f.counts.shape()), "; asked for was ",
                                     ShapeText(asked[i])));
    }
    const float* const end = f.counts.data() + f.counts.size();
    const float* const odd =
        std::find_if(f.counts.data(), end, [](float x) { return !std::isfinite(x); });
    if (reply.ended == Ended::kComplete && odd != end) {
      return DoesNotFit(absl::StrCat("pixel ", odd - f.counts.data(), " of frame ", i, " of ",
                                     detector, " is ", *odd, ", and it says that it is complete"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNumbers(const Reply& reply, double before_s) {
  const std::pair<const char*, double> counts[] = {{"electrons", reply.electrons},
                                                   {"dose", reply.dose_e_per_m2},
                                                   {"elapsed time", reply.elapsed_s}};
  for (const auto& [name, value] : counts) {
    if (!std::isfinite(value) || value < 0)
      return DoesNotFit(absl::StrCat("its ", name, ": ", value));
  }
  if (reply.time_s >= before_s && std::isfinite(reply.time_s)) return absl::OkStatus();
  return DoesNotFit(absl::StrCat("its clock went from ", before_s, " s to ", reply.time_s, " s"));
}

class Checked final : public Instrument {
 public:
  explicit Checked(std::unique_ptr<Instrument> inner)
      : inner_(std::move(inner)), check_(inner_->description()) {}
  const Description& description() const override { return inner_->description(); }
  absl::Status BlankNow() override { return inner_->BlankNow(); }
  GroundTruth* ground_truth() override { return inner_->ground_truth(); }

 private:
  absl::StatusOr<Reply> Run(const Command& command, const ExecuteOptions& options) override {
    // What the description forbids does not get there, whether the driver looks at it or not.
    RONCHI_RETURN_IF_ERROR(CheckCommand(description(), command));
    absl::StatusOr<Reply> reply = inner_->Execute(command, options);
    if (!reply.ok()) return reply;
    const absl::Status fits = check_.Check(command, *reply);
    if (fits.ok()) return reply;
    return Misfit(description().id, command, fits);
  }

  const std::unique_ptr<Instrument> inner_;
  ReplyCheck check_;
};

}  // namespace

std::vector<Shape> FrameShapes(const Description& d, const Command& command) {
  std::vector<Shape> shapes;
  if (const auto* expose = std::get_if<Expose>(&command)) {
    const DetectorInfo* camera = d.FindDetector(expose->camera);
    if (camera) shapes.assign(expose->frames, CameraShape(*camera, expose->binning));
  }
  if (const auto* scan = std::get_if<Scan>(&command)) {
    const bool points = scan->pattern == ScanPattern::kPoints;
    const bool raster = scan->pattern == ScanPattern::kRaster;
    const size_t x = points ? scan->points_m.size() : scan->pixels_x;
    for (size_t f = 0; f < scan->frames; ++f) {
      for (const std::string& name : scan->detectors) {
        Shape shape = {raster ? scan->pixels_y : 1, x};
        const DetectorInfo* detector = d.FindDetector(name);
        if (!detector) continue;
        const Shape camera = CameraShape(*detector, 1);
        shape.insert(shape.end(), camera.begin(), camera.end());
        shapes.push_back(shape);
      }
    }
  }
  return shapes;
}

absl::Status ReplyCheck::Check(const Command& command, const Reply& reply) {
  RONCHI_RETURN_IF_ERROR(CheckNumbers(reply, time_s_));
  RONCHI_RETURN_IF_ERROR(CheckReadings(description_, command, reply));
  RONCHI_RETURN_IF_ERROR(CheckFrames(description_, command, reply));
  time_s_ = reply.time_s;
  return absl::OkStatus();
}

absl::Status Misfit(const std::string& who, const Command& command, const absl::Status& why) {
  return MakeError({ErrorKind::kHardware,
                    absl::StrCat(who, ": its answer to ", VerbName(command),
                                 " does not fit: ", Printable(std::string(why.message()))),
                    "mend the instrument's driver; the command may have been carried out",
                    Effect::kPerhaps});
}

std::unique_ptr<Instrument> MakeChecked(std::unique_ptr<Instrument> driver) {
  return std::make_unique<Checked>(std::move(driver));
}

}  // namespace ronchi::hw
