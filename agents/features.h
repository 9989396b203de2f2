// What a network sees of an episode: the present and the previous observation and the last action,
// as one row of floats. One image cannot tell the sign of a defocus; two with the change between
// them can. No libtorch here.
//
// Layout of a row: every box of rank 0 or 1 now, the same one step ago, the last action (−1 … 1 in
// its box; of n choices n numbers, 1 for the one taken and 0 for the others), then two planes (now,
// one step ago) of every image, a box of rank 2. Images are divided by their own mean, less one:
// brightness and dose drop out, contrast stays.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agents/policy.h"
#include "core/running_moments.h"
#include "core/status.h"
#include "env/environment.h"
#include "nlohmann/json_fwd.hpp"

namespace ronchi::agents {

// How the vector part of a row is normalised: x → (x − mean)/√(variance + ε), clipped.
constexpr double kNormaliseEpsilon = 1e-8, kNormaliseClip = 10;

// The entries that are numbers or vectors.
env::DictSpace VectorsOf(const env::DictSpace& space);

class FeatureLayout {
 public:
  struct Image {
    std::string key;
    size_t height = 0, width = 0;
    size_t offset = 0;  // of the first of its two planes in a row
  };
  // InvalidArgument: a box of rank 3 or more, an empty space, an unbounded action space.
  static absl::StatusOr<FeatureLayout> Create(const env::DictSpace& observation_space,
                                              const env::Box& action_space);
  size_t row_size() const { return row_size_; }
  size_t vector_size() const { return 2 * present_size_ + action_size_; }  // the row's beginning
  size_t present_size() const { return present_size_; }
  size_t action_size() const { return action_size_; }  // of n choices: n
  bool discrete() const { return discrete_; }
  const std::vector<std::string>& vectors() const { return vectors_; }
  const std::vector<Image>& images() const { return images_; }

 private:
  std::vector<std::string> vectors_;
  std::vector<Image> images_;
  size_t present_size_ = 0, action_size_ = 0, row_size_ = 0;
  bool discrete_ = false;
};

// The memory of one episode.
class EpisodeFeatures {
 public:
  explicit EpisodeFeatures(const FeatureLayout& layout) : layout_(layout) { Begin(); }
  void Begin();
  // The row for this observation, vectors as they are (not normalised). The observation must fit
  // the space: CheckObservation first.
  const std::vector<float>& Observe(const env::Observation& observation);
  // What was answered: clipped to −1 … 1; of choices the largest number's.
  void SetAction(std::span<const float> unit_action);
  std::span<const float> action() const { return action_; }
  nlohmann::json Save() const;
  bool Restore(const nlohmann::json& saved);  // false: of another layout; may throw: spaces.h

 private:
  FeatureLayout layout_;
  std::vector<float> row_, action_;
  bool first_ = true;
};

// Those of several episodes, in their order. Restore: false: of another number or layout; may
// throw.
nlohmann::json SaveMemories(const std::vector<EpisodeFeatures>& memories);
bool RestoreMemories(const nlohmann::json& saved, std::vector<EpisodeFeatures>* memories);

// −1 … 1 → the box, clipped; of choices the one whose number is the largest, the first of equals.
Action ScaleAction(const env::Box& space, std::span<const float> unit_action);

}  // namespace ronchi::agents
