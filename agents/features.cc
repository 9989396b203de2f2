#include "agents/features.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "agents/spaces.h"
#include "nlohmann/json.hpp"

namespace ronchi::agents {

env::DictSpace VectorsOf(const env::DictSpace& space) {
  env::DictSpace vectors;
  for (const auto& [name, box] : space) {
    if (box.shape.size() <= 1) vectors[name] = box;
  }
  return vectors;
}

absl::StatusOr<FeatureLayout> FeatureLayout::Create(const env::DictSpace& observation_space,
                                                    const env::Box& action_space) {
  if (action_space.size() == 0 || !std::isfinite(action_space.low) ||
      !std::isfinite(action_space.high)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the action space has ", action_space.size(), " elements over ", action_space.low, " … ",
        action_space.high, "; at least one and finite bounds are needed"));
  }
  FeatureLayout layout;
  layout.discrete_ = action_space.choices > 0;
  layout.action_size_ = layout.discrete_ ? size_t(action_space.choices) : action_space.size();
  for (const auto& [key, box] : observation_space) {
    if (box.size() == 0 || box.shape.size() > 2) {
      return absl::InvalidArgumentError(absl::StrCat("observation \"", key, "\" has rank ",
                                                     box.shape.size(), " and ", box.size(),
                                                     " elements; vectors and images are known"));
    }
    if (box.shape.size() == 2) {
      layout.images_.push_back({.key = key, .height = box.shape[0], .width = box.shape[1]});
    } else {
      layout.vectors_.push_back(key);
      layout.present_size_ += box.size();
    }
  }
  layout.row_size_ = layout.vector_size();
  for (Image& image : layout.images_) {
    image.offset = layout.row_size_;
    layout.row_size_ += 2 * image.height * image.width;
  }
  return layout;
}

void EpisodeFeatures::Begin() {
  row_.assign(layout_.row_size(), 0.0f);
  action_.assign(layout_.action_size(), 0.0f);
  first_ = true;
}

namespace {

void WriteImage(const Array<float>& image, float* plane) {
  const double mean =
      std::accumulate(image.begin(), image.end(), 0.0) / double(std::max<size_t>(1, image.size()));
  const double scale = mean > 0 ? 1 / mean : 0;  // an empty image is all zero
  for (size_t i = 0; i < image.size(); ++i) {
    plane[i] = float(std::clamp(scale > 0 ? image[i] * scale - 1 : 0.0, -10.0, 10.0));
  }
}

// [now, before] → now in place of before, so that the new one can be written over it.
void Shift(float* block, size_t size) { std::copy(block, block + size, block + size); }

}  // namespace

const std::vector<float>& EpisodeFeatures::Observe(const env::Observation& observation) {
  const size_t present = layout_.present_size();
  Shift(row_.data(), present);
  float* out = row_.data();
  for (const std::string& key : layout_.vectors()) {
    out = std::ranges::copy(observation.at(key).values(), out).out;
  }
  std::ranges::copy(action_, row_.begin() + std::ptrdiff_t(2 * present));
  for (const FeatureLayout::Image& image : layout_.images()) {
    float* planes = row_.data() + image.offset;
    const size_t size = image.height * image.width;
    Shift(planes, size);
    WriteImage(observation.at(image.key), planes);
    if (first_) Shift(planes, size);
  }
  if (first_) Shift(row_.data(), present);
  first_ = false;
  return row_;
}

namespace {
size_t Largest(std::span<const float> values) {
  return size_t(std::ranges::max_element(values) - values.begin());
}
}  // namespace

void EpisodeFeatures::SetAction(std::span<const float> unit_action) {
  if (layout_.discrete()) {
    std::ranges::fill(action_, 0.0f);
    action_[Largest(unit_action)] = 1;
    return;
  }
  for (size_t i = 0; i < action_.size(); ++i) {
    action_[i] = std::clamp(unit_action[i], -1.0f, 1.0f);
  }
}

nlohmann::json EpisodeFeatures::Save() const {
  return {{"row", row_}, {"action", action_}, {"first", first_}};
}

bool EpisodeFeatures::Restore(const nlohmann::json& saved) {
  const auto row = saved.at("row").get<std::vector<float>>();
  const auto action = saved.at("action").get<std::vector<float>>();
  if (row.size() != row_.size() || action.size() != action_.size()) return false;
  row_ = row;
  action_ = action;
  first_ = saved.at("first").get<bool>();
  return true;
}

nlohmann::json SaveMemories(const std::vector<EpisodeFeatures>& memories) {
  nlohmann::json saved = nlohmann::json::array();
  for (const EpisodeFeatures& memory : memories) saved.push_back(memory.Save());
  return saved;
}

bool RestoreMemories(const nlohmann::json& saved, std::vector<EpisodeFeatures>* memories) {
  bool fits = saved.size() == memories->size();
  for (size_t i = 0; fits && i < memories->size(); ++i) fits = (*memories)[i].Restore(saved.at(i));
  return fits;
}

Action ScaleAction(const env::Box& space, std::span<const float> unit_action) {
  if (space.choices > 0) return {float(Largest(unit_action))};
  std::vector<double> action(unit_action.size());
  for (size_t i = 0; i < action.size(); ++i) {
    const double middle = 0.5 * (double(space.Low(i)) + space.High(i));
    const double half = 0.5 * (double(space.High(i)) - space.Low(i));
    action[i] = middle + half * std::clamp(unit_action[i], -1.0f, 1.0f);
  }
  return ClampAction(space, action);
}

}  // namespace ronchi::agents
