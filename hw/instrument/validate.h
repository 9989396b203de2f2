// What can be said of a command before anything moves, from the description alone. Drivers call it
// first; the guard and `ronchi check` do too.
#pragma once

#include "core/status.h"
#include "hw/instrument/command.h"
#include "hw/instrument/description.h"

namespace ronchi::hw {

// The most frames of one scan or exposure.
constexpr size_t kMostFrames = 10000;
constexpr double kLongestPark_s = 3600;

// Names known, dimensions right, numbers finite, dwell, field, pixels, frames in bounds, the
// capabilities there. Limits of an absolute set too; a relative one depends on where it stands.
// Errors are of the kinds kNoSuchName, kBadCommand, kReadOnly, kOutOfLimits, kCannot.
absl::Status CheckCommand(const Description& description, const Command& command);

// The limits of a set's target (SI), finite among them. kOutOfLimits.
absl::Status CheckTarget(const PropertyInfo& property, double target);
// Did it arrive? Within Set::tolerance, or the resolution when that is 0 (anything when neither is
// known). kOutOfTolerance.
absl::Status CheckReadBack(const PropertyInfo& property, const Set& set, double target,
                           double read_back);

}  // namespace ronchi::hw
