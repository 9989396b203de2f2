#include "env/scan_reconstruction.h"

#include <algorithm>
#include <cmath>

namespace ronchi::env {

ScanReconstruction::ScanReconstruction(size_t n, double power)
    : n_(n), weight_((2 * n - 1) * (2 * n - 1)) {
  for (size_t j = 0; j < 2 * n - 1; ++j) {
    for (size_t i = 0; i < 2 * n - 1; ++i) {
      const double dx = double(i) - double(n - 1), dy = double(j) - double(n - 1);
      const double square = dx * dx + dy * dy;
      weight_[j * (2 * n - 1) + i] = square > 0 ? float(std::pow(square, -power / 2)) : 0.0f;
    }
  }
  for (auto* v : {&numerator_, &denominator_, &sum_, &count_, &image_, &mask_}) v->resize(n * n);
  Clear();
}

void ScanReconstruction::Clear() {
  for (auto* v : {&numerator_, &denominator_, &sum_, &count_, &image_, &mask_}) {
    std::fill(v->begin(), v->end(), 0.0f);
  }
  measured_.clear();
}

void ScanReconstruction::Add(size_t pixel, float value) {
  const size_t row = pixel / n_, column = pixel % n_;
  for (size_t j = 0; j < n_; ++j) {
    const float* w = &weight_[(j + n_ - 1 - row) * (2 * n_ - 1) + n_ - 1 - column];
    float *numerator = &numerator_[j * n_], *denominator = &denominator_[j * n_];
    for (size_t i = 0; i < n_; ++i) {
      numerator[i] += w[i] * value;
      denominator[i] += w[i];
    }
  }
  if (mask_[pixel] == 0) measured_.push_back(pixel);
  mask_[pixel] = 1;
  sum_[pixel] += value;
  count_[pixel] += 1;
}

void ScanReconstruction::UpdateImage() {
  for (size_t i = 0; i < image_.size(); ++i) {
    image_[i] = denominator_[i] > 0 ? numerator_[i] / denominator_[i] : 0.0f;
  }
  for (size_t pixel : measured_) image_[pixel] = sum_[pixel] / count_[pixel];
}

}  // namespace ronchi::env
