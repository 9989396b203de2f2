// A training that has been interrupted, or is to be gone on with: one file of CBOR.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "agents/learner.h"
#include "core/status.h"

namespace ronchi::agents {

nlohmann::json SummaryToJson(const TrainingSummary& summary);
TrainingSummary SummaryFromJson(const nlohmann::json& json);  // may throw nlohmann's exceptions

// `identity` is what must be the same for the training to be the same: kind, options, seed, task.
absl::Status WriteCheckpoint(const std::string& path, const nlohmann::json& identity,
                             const nlohmann::json& state);
// The state; null where there is no such file. InvalidArgument, one line: not a checkpoint, not
// whole, or of another training, with what differs.
absl::StatusOr<nlohmann::json> ReadCheckpoint(const std::string& path,
                                              const nlohmann::json& identity);

}  // namespace ronchi::agents
