// A description as JSON, for logs, servers and reports. What is as a new PropertyInfo has it is
// left out; numbers keep every bit.
#pragma once

#include "core/status.h"
#include "hw/instrument/description.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::hw {

nlohmann::json ToJson(const Description& description);
// Needed are `id` and the names; what else is not said is as in a new Description. InvalidArgument:
// what is missing, ill-typed or unknown, and where.
absl::StatusOr<Description> DescriptionFromJson(const nlohmann::json& json);

}  // namespace ronchi::hw
