#include "env/needs.h"

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

absl::Status NeedGroundTruth(hw::Instrument* instrument, const std::string& what,
                             const std::string& task) {
  if (instrument->ground_truth()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(task, " with ", what, " needs an instrument's ground truth, and ",
                   instrument->description().id, " tells none: only a simulation does"));
}

}  // namespace ronchi::env
