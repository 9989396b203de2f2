// A dense row-major array of any rank that owns its values: the currency of images, stacks and
// 4D-STEM data. The last index is contiguous.
#pragma once

#include <cstddef>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

#include "core/status.h"

namespace ronchi {

template <class T>
class Array {
 public:
  Array() = default;
  explicit Array(std::vector<size_t> shape, T fill = T{})
      : shape_(std::move(shape)), values_(Count(shape_), fill) {}
  Array(std::vector<size_t> shape, std::vector<T> values)
      : shape_(std::move(shape)), values_(std::move(values)) {
    RONCHI_CHECK_EQ(Count(shape_), values_.size());
  }

  const std::vector<size_t>& shape() const { return shape_; }
  size_t rank() const { return shape_.size(); }
  size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  std::span<T> values() { return values_; }
  std::span<const T> values() const { return values_; }
  auto begin() { return values_.begin(); }
  auto end() { return values_.end(); }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

  T& operator[](size_t i) { return values_[i]; }
  const T& operator[](size_t i) const { return values_[i]; }
  // Rank 2 only; not range-checked.
  T& operator()(size_t i, size_t j) { return values_[i * shape_[1] + j]; }
  const T& operator()(size_t i, size_t j) const { return values_[i * shape_[1] + j]; }

  bool operator==(const Array&) const = default;

 private:
  static size_t Count(const std::vector<size_t>& shape) {
    return std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<>());
  }
  std::vector<size_t> shape_;
  std::vector<T> values_;
};

}  // namespace ronchi
