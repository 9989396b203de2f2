// Does an answer that came over a wire fit what was asked? Of hw/remote.cc.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hw/instrument.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::hw {

// The shapes of the frames that a command brings, in the reply's order; none of one that brings
// none. Along an axis 0 stands for "as many as the detector has, or fewer" (binning).
std::vector<std::vector<size_t>> FrameShapes(const Description& description,
                                             const Command& command);
// The most pixels that they have together.
size_t MostPixels(const Description& description, const Command& command);
// The reply with its pixels. InvalidArgument: it is none, has other frames or readings than were
// asked for, or `pixels` are not as many as its shapes say.
absl::StatusOr<Reply> FittingReply(const Description& description, const Command& command,
                                   const nlohmann::json& json, std::span<const float> pixels);

}  // namespace ronchi::hw
