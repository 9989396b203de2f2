#include "hw/remote_reply.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "hw/command_json.h"
#include "hw/cost.h"
#include "hw/scan_path.h"
#include "hw/wire/message.h"

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

absl::Status Unfit(const std::string& what) { return absl::InvalidArgumentError(what); }

std::string Text(const Shape& shape) { return absl::StrCat("[", absl::StrJoin(shape, ", "), "]"); }

bool Fits(const Shape& shape, const Shape& asked) {
  if (shape.size() != asked.size()) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (asked[i] != 0 && shape[i] != asked[i]) return false;
  }
  return true;
}

// Before anything is allocated: do the shapes add up to what came?
absl::Status CheckPixels(const nlohmann::json& frames, size_t came) {
  size_t sum = 0;
  for (const auto& frame : frames) {
    size_t pixels = 1;
    for (const auto& n : frame.at("shape")) {
      const size_t along = n.is_number_unsigned() ? n.get<size_t>() : wire::kMostPixels + size_t{1};
      pixels *= std::min<size_t>(along, wire::kMostPixels + size_t{1});
      if (pixels > wire::kMostPixels) return Unfit("a frame of absurd shape");
    }
    sum += pixels;
    if (sum > came) break;
  }
  if (sum == came) return absl::OkStatus();
  return Unfit(
      absl::StrCat("its frames have another number of pixels than came with it (", came, ")"));
}

absl::Status CheckReadings(const Description& d, const Command& command, const Reply& reply) {
  std::vector<std::string> asked;
  if (const auto* read = std::get_if<Read>(&command)) asked = read->properties;
  if (const auto* set = std::get_if<Set>(&command)) asked = {set->property};
  if (reply.readings.size() != asked.size()) {
    return Unfit(
        absl::StrCat(reply.readings.size(), " readings where ", asked.size(), " were asked for"));
  }
  for (size_t i = 0; i < asked.size(); ++i) {
    const Reading& r = reply.readings[i];
    if (r.property != asked[i])
      return Unfit(absl::StrCat(asked[i], " is answered by ", r.property));
    if (r.value.dimension != d.FindProperty(asked[i])->dimension) {
      return Unfit(absl::StrCat(asked[i], " is answered with a ",
                                std::string(DimensionName(r.value.dimension))));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFrames(const Description& d, const Command& command, const Reply& reply) {
  const std::vector<Shape> asked = FrameShapes(d, command);
  // Of what was ended early the first ones may be all that there are.
  const bool early = reply.ended != Ended::kComplete && reply.frames.size() < asked.size();
  if (reply.frames.size() != asked.size() && !early) {
    return Unfit(
        absl::StrCat(reply.frames.size(), " frames where ", asked.size(), " were asked for"));
  }
  const auto* scan = std::get_if<Scan>(&command);
  const auto* expose = std::get_if<Expose>(&command);
  for (size_t i = 0; i < reply.frames.size(); ++i) {
    const Frame& f = reply.frames[i];
    const std::string& detector =
        scan ? scan->detectors[i % scan->detectors.size()] : expose->camera;
    if (f.detector != detector) {
      return Unfit(absl::StrCat("frame ", i, " is of '", f.detector, "', not of ", detector));
    }
    if (!Fits(f.counts.shape(), asked[i])) {
      return Unfit(absl::StrCat("frame ", i, " of ", detector, " has the shape ",
                                Text(f.counts.shape()), "; asked for was ", Text(asked[i])));
    }
  }
  return absl::OkStatus();
}

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

size_t MostPixels(const Description& d, const Command& command) {
  size_t most = 0;
  if (const auto* expose = std::get_if<Expose>(&command)) {
    const DetectorInfo* camera = d.FindDetector(expose->camera);
    if (camera) most = camera->pixels_x * camera->pixels_y * expose->frames;
  } else {
    for (const Shape& shape : FrameShapes(d, command)) {
      size_t pixels = 1;
      for (size_t n : shape) pixels *= n;
      most += pixels;
    }
  }
  return most;
}

absl::StatusOr<Reply> FittingReply(const Description& d, const Command& command,
                                   const nlohmann::json& json, std::span<const float> pixels) {
  try {
    RONCHI_RETURN_IF_ERROR(CheckPixels(json.at("frames"), pixels.size()));
  } catch (const nlohmann::json::exception& e) {
    return Unfit(e.what());
  }
  nlohmann::json whole = json;
  const bool dosed = whole.contains("dose_e_per_m2");
  if (!dosed) whole["dose_e_per_m2"] = 0;
  RONCHI_ASSIGN_OR_RETURN(Reply reply, ReplyFromJson(whole));
  const auto* scan = std::get_if<Scan>(&command);
  if (scan && !dosed) reply.dose_e_per_m2 = reply.electrons / ScanArea_m2(*scan, ProbeSize_m(d));
  RONCHI_RETURN_IF_ERROR(CheckReadings(d, command, reply));
  RONCHI_RETURN_IF_ERROR(CheckFrames(d, command, reply));
  for (Frame& f : reply.frames) {
    std::copy_n(pixels.begin(), f.counts.size(), f.counts.data());
    pixels = pixels.subspan(f.counts.size());
  }
  return reply;
}

}  // namespace ronchi::hw
