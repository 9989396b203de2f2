#include "env/environment.h"

#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::env {

absl::Status CheckAction(const Box& space, std::span<const float> action) {
  if (action.size() != space.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("action has ", action.size(), " elements; expected ", space.size()));
  }
  for (size_t i = 0; i < action.size(); ++i) {
    if (!std::isfinite(action[i]) || action[i] < space.low || action[i] > space.high) {
      return absl::InvalidArgumentError(absl::StrCat("action[", i, "] = ", action[i],
                                                     " is not allowed; allowed: ", space.low, " … ",
                                                     space.high, " ", space.unit));
    }
  }
  return absl::OkStatus();
}

}  // namespace ronchi::env
