#include "agents/rl/saved_weights.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agents/spaces.h"

namespace ronchi::agents {

absl::StatusOr<std::vector<float>> ReadSavedWeights(const nlohmann::json& weights,
                                                    const std::string& name, size_t size) {
  absl::StatusOr<std::vector<float>> read = FloatsFromJson(weights.at(name), size);
  if (!read.ok()) return Annotate(read.status(), "policy.weights." + name);
  return read;
}

absl::Status CheckSavedWidths(const nlohmann::json& weights, size_t inputs,
                              const std::vector<size_t>& hidden) {
  double floats = 0, least = 0, in = double(inputs);
  for (const auto& [name, text] : weights.items()) {  // base64: 4 characters for 3 bytes
    floats += double(text.get<std::string>().size()) * 3 / 4 / sizeof(float);
  }
  for (size_t out : hidden) {
    least += in * double(out);
    in = double(out);
  }
  if (std::ranges::count(hidden, size_t{0}) == 0 && least <= floats) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("policy.hidden: ", absl::StrJoin(hidden, " x "),
                                                 " units need ", least,
                                                 " weights or more; the file holds ", floats));
}

}  // namespace ronchi::agents
