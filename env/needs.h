// What tasks ask of an instrument before they take it, and the one line that refuses one without.
#pragma once

#include <string>

#include "hw/instrument/instrument.h"

namespace ronchi::env {

// InvalidArgument: "<task> needs a detector 'haadf', which <id> lacks".
absl::Status NeedDetector(const hw::Description& description, const std::string& detector,
                          const std::string& task);
// InvalidArgument: a property that is not there to be read.
absl::Status NeedProperty(const hw::Description& description, const std::string& property,
                          const std::string& task);
// InvalidArgument: there is no camera of that name, its pixels' angle is not known, or it cannot be
// binned to `pixels` a side. Otherwise the binning.
absl::StatusOr<size_t> NeedCamera(const hw::Description& description, const std::string& camera,
                                  size_t pixels, const std::string& task);
// InvalidArgument: `what` ("reward: truth") is asked of an instrument that tells no truth.
absl::Status NeedGroundTruth(hw::Instrument* instrument, const std::string& what,
                             const std::string& task);

}  // namespace ronchi::env
