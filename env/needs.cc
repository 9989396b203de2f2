#include "env/needs.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ronchi::env {

absl::Status NeedDetector(const hw::Description& d, const std::string& detector,
                          const std::string& task) {
  if (d.FindDetector(detector)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(task, " needs a detector '", detector, "', which ", d.id, " lacks"));
}

absl::Status NeedProperty(const hw::Description& d, const std::string& property,
                          const std::string& task) {
  if (d.FindProperty(property)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(task, " needs to read ", property, ", which ", d.id, " lacks"));
}

absl::StatusOr<size_t> NeedCamera(const hw::Description& d, const std::string& camera,
                                  size_t pixels, const std::string& task) {
  RONCHI_RETURN_IF_ERROR(NeedDetector(d, camera, task));
  const hw::DetectorInfo& info = *d.FindDetector(camera);
  const bool can_expose = std::ranges::find(d.cannot, "expose") == d.cannot.end();
  if (info.kind != hw::DetectorKind::kCamera || !can_expose || info.pixel_rad <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        task, " needs '", camera, "' of ", d.id,
        " to be a camera that can be exposed, and the angle across its pixels to be known"));
  }
  const size_t side = std::min(info.pixels_x, info.pixels_y);
  if (info.pixels_x != info.pixels_y || pixels < 8 || pixels > side || side % pixels != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(task, ": ", pixels, " pixels of '", camera, "' are not allowed; allowed: 8 … ",
                     side, " that divide the ", info.pixels_x, " × ", info.pixels_y, " of ", d.id));
  }
  return side / pixels;
}

absl::Status NeedGroundTruth(hw::Instrument* instrument, const std::string& what,
                             const std::string& task) {
  if (instrument->ground_truth()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(task, " with ", what, " needs an instrument's ground truth, and ",
                   instrument->description().id, " tells none: only a simulation does"));
}

}  // namespace ronchi::env
