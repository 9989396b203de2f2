// Weights of networks in policy files: base64 of float32 by name, {"layer_0.bias": "…", …}. All may
// throw nlohmann::json::exception.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi::agents {

// InvalidArgument, naming it: not so many numbers.
absl::StatusOr<std::vector<float>> ReadSavedWeights(const nlohmann::json& weights,
                                                    const std::string& name, size_t size);
// Before a network is made: it is no larger than the weights that are there for it.
// InvalidArgument: dense layers of these widths need more than the file holds, or one has none.
absl::Status CheckSavedWidths(const nlohmann::json& weights, size_t inputs,
                              const std::vector<size_t>& hidden);

}  // namespace ronchi::agents
