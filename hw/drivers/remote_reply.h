// An answer that came over a wire, as a reply. Of hw/drivers/remote.cc; whether it fits what was
// asked is for hw/instrument/reply_check.h.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hw/instrument/instrument.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::hw {

// The most pixels that the frames of a command's reply have together.
size_t MostPixels(const Description& description, const Command& command);
// The reply with its pixels. InvalidArgument: it is none, or `pixels` are not as many as its shapes
// say.
absl::StatusOr<Reply> WholeReply(const Description& description, const Command& command,
                                 const nlohmann::json& json, std::span<const float> pixels);

}  // namespace ronchi::hw
