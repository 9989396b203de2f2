// What happened step by step: named columns of equal length, one row an image.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/array.h"
#include "core/status.h"

namespace ronchi {

struct Trace {
  std::map<std::string, std::vector<double>> columns;  // "time_s", "contrast", "C10_nm" …
  std::vector<Array<float>> images;                    // one a row, [y, x], counts
  size_t rows() const { return images.size(); }

  // Starts a row with this image; columns that no Put fills hold NaN.
  void Begin(const Array<float>& image);
  void Put(const std::string& column, double value);
  const std::vector<double>& operator[](const std::string& column) const;
  double Last(const std::string& column) const;
};

}  // namespace ronchi
