#include "experiments/loop/trace.h"

#include <limits>

namespace ronchi {

void Trace::Begin(const Array<float>& image) {
  if (!image.empty()) images.push_back(image);
  ++row_count;
  for (auto& [name, values] : columns) values.push_back(std::numeric_limits<double>::quiet_NaN());
}

void Trace::Put(const std::string& column, double value) {
  auto [it, is_new] = columns.try_emplace(column);
  it->second.resize(rows(), std::numeric_limits<double>::quiet_NaN());
  it->second.back() = value;
}

const std::vector<double>& Trace::operator[](const std::string& column) const {
  static const std::vector<double> kNone;
  const auto it = columns.find(column);
  return it == columns.end() ? kNone : it->second;
}

double Trace::Last(const std::string& column) const {
  const std::vector<double>& values = (*this)[column];
  return values.empty() ? std::numeric_limits<double>::quiet_NaN() : values.back();
}

}  // namespace ronchi
