#include "agents/spaces.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/files.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {

absl::Status CheckObservation(const env::DictSpace& space, const env::Observation& observation) {
  for (const auto& [key, box] : space) {
    const auto found = observation.find(key);
    if (found == observation.end()) {
      return absl::InvalidArgumentError(absl::StrCat("observation lacks \"", key, "\""));
    }
    if (found->second.shape() != box.shape) {
      return absl::InvalidArgumentError(absl::StrCat(
          "observation \"", key, "\" has shape [", absl::StrJoin(found->second.shape(), ", "),
          "]; the policy was made for [", absl::StrJoin(box.shape, ", "), "]"));
    }
    for (float value : found->second) {
      if (!std::isfinite(value)) {
        return absl::InvalidArgumentError(
            absl::StrCat("observation \"", key, "\" holds ", value, "; it must be finite"));
      }
    }
  }
  return absl::OkStatus();
}

Action ClampAction(const env::Box& space, std::span<const double> action) {
  Action result(action.size());
  for (size_t i = 0; i < action.size(); ++i) {
    const double value =
        std::isfinite(action[i]) ? action[i] : 0.5 * (double(space.Low(i)) + space.High(i));
    result[i] = std::clamp(float(value), space.Low(i), space.High(i));
    if (space.choices > 0) result[i] = std::round(result[i]);
  }
  return result;
}

nlohmann::json BoxToJson(const env::Box& box) {
  nlohmann::json json = {{"shape", box.shape},
                         {"low", box.low},
                         {"high", box.high},
                         {"unit", box.unit},
                         {"meaning", box.meaning}};
  if (box.choices > 0) json["choices"] = box.choices;
  if (!box.lows.empty()) json["lows"] = box.lows;
  if (!box.highs.empty()) json["highs"] = box.highs;
  return json;
}

nlohmann::json DictSpaceToJson(const env::DictSpace& space) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [key, box] : space) json[key] = BoxToJson(box);
  return json;
}

namespace {

// JSON has no infinity: nlohmann writes null, which an unbounded box reads back as ±infinity.
float BoundFromJson(const nlohmann::json& json, float unbounded) {
  return json.is_null() ? unbounded : json.get<float>();
}
}  // namespace

env::Box BoxFromJson(const nlohmann::json& json) {
  env::Box box;
  box.shape = json.at("shape").get<std::vector<size_t>>();
  double elements = 1;  // before anything of that size is asked for
  for (const size_t side : box.shape) elements *= double(side);
  if (!(elements <= kMostElements)) {
    throw nlohmann::json::other_error::create(
        501, absl::StrCat("a shape of ", elements, " elements; allowed: ", kMostElements), &json);
  }
  box.low = BoundFromJson(json.at("low"), -INFINITY);
  box.high = BoundFromJson(json.at("high"), INFINITY);
  box.unit = json.at("unit").get<std::string>();
  box.meaning = json.at("meaning").get<std::string>();
  box.choices = json.value("choices", 0);
  if (box.choices < 0 || (box.choices > 0 && (box.size() != 1 || box.low != 0 ||
                                              box.high != float(box.choices - 1)))) {
    throw nlohmann::json::other_error::create(501, "choices do not fit the shape or bounds", &json);
  }
  box.lows = json.value("lows", std::vector<float>());
  box.highs = json.value("highs", std::vector<float>());
  for (const auto* bounds : {&box.lows, &box.highs}) {
    if (!bounds->empty() && bounds->size() != box.size()) {
      throw nlohmann::json::other_error::create(501, "bounds do not fit the shape", &json);
    }
  }
  for (size_t i = 0; i < std::max(box.lows.size(), box.highs.size()); ++i) {
    if (box.Low(i) <= box.High(i)) continue;
    throw nlohmann::json::other_error::create(
        501, absl::StrCat("lows[", i, "] = ", box.Low(i), " is above highs[", i, "]"), &json);
  }
  if (!(box.low <= box.high)) {
    throw nlohmann::json::other_error::create(501, "low is above high", &json);
  }
  return box;
}

env::DictSpace DictSpaceFromJson(const nlohmann::json& json) {
  env::DictSpace space;
  for (const auto& [key, value] : json.items()) space[key] = BoxFromJson(value);
  return space;
}

static_assert(std::endian::native == std::endian::little, "the file format is little endian");

nlohmann::json FloatsToJson(std::span<const float> values) {
  return Base64(
      std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
}

absl::StatusOr<std::vector<float>> FloatsFromJson(const nlohmann::json& json, size_t expected) {
  RONCHI_ASSIGN_OR_RETURN(const std::string bytes, FromBase64(json.get<std::string>()));
  if (bytes.size() != expected * sizeof(float)) {
    return absl::InvalidArgumentError(
        absl::StrCat("weights hold ", bytes.size(), " bytes; expected ", expected * sizeof(float)));
  }
  std::vector<float> values(expected);
  std::memcpy(values.data(), bytes.data(), bytes.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("entry ", i, " is ", values[i], "; weights are finite numbers"));
  }
  return values;
}

}  // namespace ronchi::agents
