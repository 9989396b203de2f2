// Spaces as policies need them: observations checked against them, and both as JSON with units.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agents/policy.h"
#include "core/status.h"
#include "env/environment.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::agents {

inline constexpr double kMostElements = 67108864;  // of a box: 256 MiB of floats

// InvalidArgument, naming the key: a box that is missing or of another shape, or a value that is
// not finite. Keys that the space does not name are ignored, so that an environment may grow.
absl::Status CheckObservation(const env::DictSpace& space, const env::Observation& observation);

// Into [space.low, space.high], element by element, of choices to the nearest whole number; what is
// not finite becomes the middle.
Action ClampAction(const env::Box& space, std::span<const double> action);

nlohmann::json BoxToJson(const env::Box& box);
nlohmann::json DictSpaceToJson(const env::DictSpace& space);

// The readers throw nlohmann::json::exception on a missing or mistyped field; LoadPolicy
// (agents/policy_file.h) is the one adapter that turns it into InvalidArgument.
env::Box BoxFromJson(const nlohmann::json& json);
env::DictSpace DictSpaceFromJson(const nlohmann::json& json);

// float32, little endian, base64. FloatsFromJson: InvalidArgument when the number of values is
// not `expected`.
nlohmann::json FloatsToJson(std::span<const float> values);
absl::StatusOr<std::vector<float>> FloatsFromJson(const nlohmann::json& json, size_t expected);

}  // namespace ronchi::agents
