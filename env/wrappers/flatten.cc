#include "env/wrappers/flatten.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ronchi::env {

Flatten::Flatten(std::unique_ptr<Environment> made)
    : Wrapper(std::move(made)), spec_(inner().spec()) {
  std::vector<float> lows, highs;
  std::string meaning, unit;
  for (const auto& [name, box] : spec_.observation_space) {
    for (size_t i = 0; i < box.size(); ++i) {
      lows.push_back(box.Low(i));
      highs.push_back(box.High(i));
    }
    absl::StrAppend(&meaning, meaning.empty() ? "" : ", ", name, " [", box.size(), "]");
    absl::StrAppend(&unit, unit.empty() ? "" : ", ", box.unit.empty() ? "1" : box.unit);
  }
  if (lows.empty()) return;
  spec_.observation_space = {
      {"observation", VectorBox(std::move(lows), std::move(highs), unit, meaning)}};
}

}  // namespace ronchi::env
