// A description as JSON, for logs, servers and reports. What is as a new PropertyInfo has it is
// left out; numbers keep every bit.
#pragma once

#include "core/status.h"
#include "hw/description.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::hw {

nlohmann::json ToJson(const Description& description);
// InvalidArgument: missing or ill-typed field.
absl::StatusOr<Description> DescriptionFromJson(const nlohmann::json& json);

}  // namespace ronchi::hw
