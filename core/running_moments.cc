#include "core/running_moments.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace ronchi {

void RunningMoments::Add(std::span<const float> row) {
  RONCHI_CHECK(row.size() == size());
  const double total = count_ + 1;
  for (size_t i = 0; i < size(); ++i) {
    const double delta = double(row[i]) - mean_[i];
    mean_[i] += delta / total;
    variance_[i] = variance_[i] * (count_ / total) + delta * delta * count_ / (total * total);
  }
  count_ = total;
}

template <class T>
void RunningMoments::Merge(std::span<const T> rows) {
  const size_t width = mean_.size();
  RONCHI_CHECK(width > 0 && rows.size() % width == 0);
  const size_t n = rows.size() / width;
  if (n == 0) return;
  const double total = count_ + double(n);
  for (size_t i = 0; i < width; ++i) {
    double batch_mean = 0, batch_squares = 0;
    for (size_t k = 0; k < n; ++k) batch_mean += double(rows[k * width + i]);
    batch_mean /= double(n);
    for (size_t k = 0; k < n; ++k) {
      const double d = double(rows[k * width + i]) - batch_mean;
      batch_squares += d * d;
    }
    const double delta = batch_mean - mean_[i];
    mean_[i] += delta * double(n) / total;
    variance_[i] =
        (variance_[i] * count_ + batch_squares + delta * delta * count_ * double(n) / total) /
        total;
  }
  count_ = total;
}

void RunningMoments::Update(std::span<const float> rows) { Merge(rows); }
void RunningMoments::Update(std::span<const double> rows) { Merge(rows); }

void RunningMoments::Normalise(std::span<float> rows, double epsilon, double clip) const {
  const size_t width = mean_.size();
  for (size_t k = 0; k < rows.size(); k += width) {
    for (size_t i = 0; i < width; ++i) {
      const double z = (double(rows[k + i]) - mean_[i]) / std::sqrt(variance_[i] + epsilon);
      rows[k + i] = float(std::clamp(z, -clip, clip));
    }
  }
}

nlohmann::json RunningMoments::ToJson() const {
  return {{"mean", mean_}, {"variance", variance_}, {"count", count_}};
}

bool RunningMoments::FromJson(const nlohmann::json& saved) {
  const auto mean = saved.at("mean").get<std::vector<double>>();
  const auto variance = saved.at("variance").get<std::vector<double>>();
  const double count = saved.at("count").get<double>();
  if (mean.size() != mean_.size() || variance.size() != mean_.size()) return false;
  mean_ = mean;
  variance_ = variance;
  count_ = count;
  return true;
}

}  // namespace ronchi
