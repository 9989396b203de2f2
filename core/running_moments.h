// Mean and variance of what has been seen so far, element by element, as Gymnasium's
// RunningMeanStd: it begins with 10⁻⁴ of a sample of mean 0 and variance 1.
#pragma once

#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "core/status.h"

namespace ronchi {

class RunningMoments {
 public:
  explicit RunningMoments(size_t size) : mean_(size, 0.0), variance_(size, 1.0) {}
  // One row of size() values. The same as a batch of one but for round-off.
  void Add(std::span<const float> row);
  // Rows of size() values each, together as one batch: its mean and its variance over n are merged
  // (Chan, Golub & LeVeque 1979).
  void Update(std::span<const float> rows);
  void Update(std::span<const double> rows);
  // (x − mean)/√(variance + epsilon), row by row, in place; clipped to ±`clip`.
  void Normalise(std::span<float> rows, double epsilon,
                 double clip = std::numeric_limits<double>::infinity()) const;

  size_t size() const { return mean_.size(); }
  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& variance() const { return variance_; }
  double count() const { return count_; }

  nlohmann::json ToJson() const;
  // Throws nlohmann::json::exception; false: moments of another size, and nothing has changed.
  bool FromJson(const nlohmann::json& saved);

 private:
  template <class T>
  void Merge(std::span<const T> rows);
  std::vector<double> mean_, variance_;
  double count_ = 1e-4;
};

}  // namespace ronchi
