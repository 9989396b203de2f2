#include "env/space.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace ronchi::env {

Box VectorBox(std::vector<float> lows, std::vector<float> highs, std::string unit,
              std::string meaning) {
  RONCHI_CHECK_EQ(lows.size(), highs.size());
  Box box;
  box.shape = {lows.size()};
  box.low = *std::min_element(lows.begin(), lows.end());
  box.high = *std::max_element(highs.begin(), highs.end());
  box.unit = std::move(unit);
  box.meaning = std::move(meaning);
  box.lows = std::move(lows);
  box.highs = std::move(highs);
  return box;
}

Box DiscreteBox(int choices, std::string meaning) {
  RONCHI_CHECK(choices > 0);
  Box box;
  box.shape = {1};
  box.high = float(choices - 1);
  box.meaning = std::move(meaning);
  box.choices = choices;
  return box;
}

absl::Status CheckAction(const Box& space, std::span<const float> action) {
  if (action.size() != space.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("action has ", action.size(), " elements; expected ", space.size()));
  }
  for (size_t i = 0; i < action.size(); ++i) {
    if (!std::isfinite(action[i]) || action[i] < space.Low(i) || action[i] > space.High(i)) {
      return absl::InvalidArgumentError(absl::StrCat("action[", i, "] = ", action[i],
                                                     " is not allowed; allowed: ", space.Low(i),
                                                     " … ", space.High(i), " ", space.unit));
    }
  }
  if (space.choices > 0 && action[0] != std::floor(action[0])) {
    return absl::InvalidArgumentError(
        absl::StrCat("action ", action[0], " is not allowed; allowed: whole numbers of 0 … ",
                     space.choices - 1));
  }
  return absl::OkStatus();
}

}  // namespace ronchi::env
