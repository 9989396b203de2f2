// Commands and replies as JSON, for logs and wires. Numbers keep every bit;
// those that JSON lacks are written "nan", "inf", "-inf". Frames are named by
// detector and shape; their pixels travel beside the JSON.
#pragma once

#include "core/status.h"
#include "hw/instrument/instrument.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::hw {

nlohmann::json ToJson(const Command& command);
// InvalidArgument: unknown verb, missing or ill-typed field.
absl::StatusOr<Command> CommandFromJson(const nlohmann::json& json);
// Without the pixels of the frames.
nlohmann::json ToJson(const Reply& reply);
// InvalidArgument likewise. Frames come back with their shape and no pixels (zeros).
absl::StatusOr<Reply> ReplyFromJson(const nlohmann::json& json);
// An error as {"error": message, "code": …} and, of those by MakeError, kind, effect and remedy.
nlohmann::json ToJson(const absl::Status& error);
// The same Status again. InvalidArgument likewise.
absl::Status StatusFromJson(const nlohmann::json& json, absl::Status* error);

}  // namespace ronchi::hw
