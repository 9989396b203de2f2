// Spaces of observations and actions: what shape, which bounds, in which unit.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/status.h"

namespace ronchi::env {

// A bounded array of real numbers, or one of several choices.
struct Box {
  std::vector<size_t> shape;
  float low = 0, high = 0;  // of every element; of all together where lows and highs are given
  std::string unit;
  std::string meaning;
  std::vector<float> lows, highs;  // element by element; empty: low and high
  // Above 0: Gymnasium's Discrete, one whole number of 0 … choices − 1, which low and high say,
  // too.
  int choices = 0;

  size_t size() const {
    size_t n = 1;
    for (size_t s : shape) n *= s;
    return n;
  }
  float Low(size_t i) const { return lows.empty() ? low : lows[i]; }
  float High(size_t i) const { return highs.empty() ? high : highs[i]; }
};
using DictSpace = std::map<std::string, Box>;  // sorted by name

// A vector with bounds of its own for each element.
Box VectorBox(std::vector<float> lows, std::vector<float> highs, std::string unit,
              std::string meaning);

// One of so many choices; `meaning` says what they are.
Box DiscreteBox(int choices, std::string meaning);

// InvalidArgument with the reason, when the action does not lie in the space.
absl::Status CheckAction(const Box& space, std::span<const float> action);

}  // namespace ronchi::env
